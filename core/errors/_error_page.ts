/** Where the documentation explains each code. */
export const ERROR_PAGE = "https://kysera.github.io/kysera/errors#";
