// Looks at the whole page and tells what is wrong with it: {hidden: [text], faults: [text]}.
(() => {
  const faults = [], hidden = [];
  const root = document.documentElement, wide = root.clientWidth;
  if (root.scrollWidth > wide) faults.push(`it is ${root.scrollWidth} wide on a screen of ${wide}`);
  const colour = css => {
    const [red, green, blue, alpha = 1] = css.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const light = ({ red, green, blue }) => {
    const [r, g, b] = [red, green, blue].map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const found = colour(getComputedStyle(element).backgroundColor);
      if (found.alpha === 1) return found;
      if (found.alpha > 0) faults.push('a ground that is seen through');
    }
    return matchMedia('(prefers-color-scheme: dark)').matches
      ? { red: 18, green: 18, blue: 18 } : { red: 255, green: 255, blue: 255 };
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const text = node.data.trim(), element = node.parentElement;
    if (!text || element.closest('style, script')) continue;
    const closed = element.closest('details:not([open])');
    if (closed && !element.closest('summary')) continue;
    const say = what => faults.push(`${what}: ${text.slice(0, 40)}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(box => box.width > 0 && box.height > 0);
    if (!boxes.length || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) {
      hidden.push(text);
      continue;
    }
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < 13) say(`letters of ${style.fontSize}`);
    const [one, other] = [light(colour(style.color)), light(ground(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) say(`a contrast of ${contrast.toFixed(1)}`);
    for (const box of boxes) {
      if (box.left < 0 || box.right > wide + 0.5) { say('past the edge'); break; }
      const clips = ancestor => {
        const { overflowX, overflowY } = getComputedStyle(ancestor), frame = ancestor.getBoundingClientRect();
        return overflowX !== 'visible' && (box.left < frame.left - 0.5 || box.right > frame.right + 0.5)
          || overflowY !== 'visible' && (box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5);
      };
      let ancestor = element;
      while (ancestor && ancestor !== document.body && !clips(ancestor)) ancestor = ancestor.parentElement;
      if (ancestor && ancestor !== document.body) { say('cut off'); break; }
      const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
      if (top && !top.contains(element) && !element.contains(top)) { say('covered'); break; }
    }
  }
  return { hidden, faults };
})()
