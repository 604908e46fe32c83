import type { Locator } from 'playwright-core';

/** Contrast of what is drawn in an element to the background of another, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export async function contrast(element: Locator, background: Locator): Promise<number> {
  const [one, other] = [
    luminance(await style(element, 'color')),
    luminance(await style(background, 'backgroundColor')),
  ];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** What the page has; the DOM's types are not among those of our programs. */
declare const getComputedStyle: (element: unknown) => Readonly<Record<'color' | 'backgroundColor', string>>;

function style(element: Locator, property: 'color' | 'backgroundColor'): Promise<string> {
  return element.evaluate((node, name) => getComputedStyle(node)[name], property);
}

/** WCAG 2.2, "relative luminance", of a colour such as `rgb(0, 128, 255)`. */
function luminance(color: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1);
  if (!channels) throw new Error(`${color} is not a plain colour`);
  const [red, green, blue] = channels.map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
