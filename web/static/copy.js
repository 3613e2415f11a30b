// A link to a plain text becomes a button-like link that copies that text; without a clipboard it stays a link.
export function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const link of root.querySelectorAll("a[data-copy]")) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      copyFrom(link).then(
        () => say(link, "Copied"),
        () => { location.href = link.href; },
      );
    });
  }
}

async function copyFrom(link) {
  if (link.dataset.copy === "link") return navigator.clipboard.writeText(link.href);
  const answer = await fetch(link.href);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return navigator.clipboard.writeText(await answer.text());
}

function say(link, word) {
  const before = link.textContent;
  link.textContent = word;
  document.getElementById("announce").textContent = `${word}: ${before}`;
  setTimeout(() => { link.textContent = before; }, 1500);
}
