// Shows the conversation where this script stands: <script src="https://docs.example/embed.js" defer></script>
// An element that data-into names holds it instead; data-title names it for screen readers.
{
  const script = document.currentScript;
  const frame = document.createElement("iframe");
  frame.src = new URL("embed", script.src).href;
  frame.title = script.dataset.title ?? "Ask these documents";
  frame.referrerPolicy = "no-referrer";
  frame.allow = "clipboard-write";
  frame.style.cssText = "border:0;width:100%;height:100%;min-height:32rem";
  const into = script.dataset.into && document.querySelector(script.dataset.into);
  if (into) into.append(frame);
  else script.after(frame);
}
