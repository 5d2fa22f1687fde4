/** Shows the type of the name in a sample that is pointed at, or tapped. */
export function showTypes() {
  const box = document.createElement("div");
  box.className = "type-of-name";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  document.body.append(box);
  const hide = () => void (box.hidden = true);
  const show = ({ target }) => {
    const name = target instanceof Element ? target.closest(".typed") : null;
    if (name === null) return hide();
    box.textContent = name.dataset.type;
    box.hidden = false;
    const { left, top, bottom } = name.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = box;
    const isBelow = bottom + offsetHeight + 16 < innerHeight;
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    box.style.top = `${isBelow ? bottom + 6 : top - offsetHeight - 6}px`;
  };
  document.addEventListener("pointerover", show);
  document.addEventListener("click", show);
  document.addEventListener("scroll", hide, { capture: true, passive: true });
}
