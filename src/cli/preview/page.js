// Marks a chunk and, in the other columns, the chunks that have a part of its text.
const chunks = [...document.querySelectorAll(".chunk")];
const place = (chunk) => [Number(chunk.dataset.start), Number(chunk.dataset.end)];
function show(chosen, scrolls) {
  const [start, end] = place(chosen);
  const scrolled = new Set();
  for (const chunk of chunks) {
    const [from, to] = place(chunk);
    const isOther = chunk.parentElement !== chosen.parentElement;
    const isHit = chunk === chosen || (isOther && from < end && start < to);
    chunk.classList.toggle("hit", isHit);
    if (isHit && scrolls && !scrolled.has(chunk.parentElement)) {
      scrolled.add(chunk.parentElement);
      chunk.parentElement.scrollTop = chunk.offsetTop;
    }
  }
}
for (const chunk of chunks) {
  chunk.addEventListener("click", () => {
    history.replaceState(null, "", "#" + chunk.id);
    show(chunk, true);
  });
}
const chosen = location.hash && document.getElementById(location.hash.slice(1));
if (chosen) show(chosen, true);
