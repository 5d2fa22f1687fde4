/** What the page runs. The tokens are in memory alone: a reload signs both sides out. */
export const SCRIPT = `
const sides = new Map();

async function call(token, method, path, body) {
  const response = await fetch("/api" + path, {
    method,
    headers: {
      ...(token ? { authorization: "Bearer " + token } : {}),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

for (const section of document.querySelectorAll("section")) {
  const name = section.dataset.side;
  const find = (selector) => section.querySelector(selector);
  const state = { token: null, projects: [] };
  sides.set(name, state);
  const say = (text) => { find(".message").textContent = text; };

  const show = async () => {
    const [me, projects, usage] = await Promise.all([
      call(state.token, "GET", "/me"),
      call(state.token, "GET", "/projects"),
      call(state.token, "GET", "/usage"),
    ]);
    state.projects = projects.body.projects;
    find("h2").textContent = find("[name=organisation]").value + ": " + me.body.member.name;
    find(".usage").textContent = usage.body.usage
      .map(({ metric, used, limit }) => metric + " " + used + " of " + limit).join(", ");
    find(".projects").replaceChildren(...state.projects.map((project) => {
      const item = document.createElement("li");
      const id = document.createElement("small");
      item.textContent = project.name + (project.private ? ", private" : "");
      id.textContent = project.id;
      item.append(id);
      return item;
    }));
  };
  const toggle = (isInside) => {
    find(".login").hidden = isInside;
    find(".inside").hidden = !isInside;
  };

  find(".login").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { status, body } = await call(null, "POST", "/login", Object.fromEntries(new FormData(event.target)));
    if (status !== 200) return say(body.error.message);
    state.token = body.token;
    find("[name=password]").value = "";
    await show();
    toggle(true);
    say("");
  });
  find(".project").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { status, body } = await call(state.token, "POST", "/projects", { name: find("[name=name]").value });
    if (status !== 201) return say(body.error.message);
    find("[name=name]").value = "";
    await show();
    say("Created");
  });
  find(".probe").addEventListener("click", async () => {
    const other = sides.get(name === "left" ? "right" : "left");
    if (other.projects.length === 0) return say("Sign in on the other side first");
    const statuses = [];
    for (const { id } of other.projects) {
      statuses.push((await call(state.token, "GET", "/projects/" + id)).status);
    }
    say(statuses.length + " ids of the other side: " + statuses.join(", "));
  });
  find(".logout").addEventListener("click", () => {
    state.token = null;
    state.projects = [];
    find("h2").textContent = section.dataset.title + ": not signed in";
    toggle(false);
    say("");
  });
}
`;
