export function show(element: Element, text: string): void {
  element.innerHTML = text;
  setTimeout('later()', 10);
  setTimeout(() => {}, 10);
}
