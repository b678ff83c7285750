/** Paper is light, so the page is while it is printed: printers leave dark backgrounds out, and light letters would be lost. */

const SCHEME = 'data-mantine-color-scheme'

export function printInLight(): void {
  const root = document.documentElement
  let before: string | null = null
  window.addEventListener('beforeprint', () => {
    before = root.getAttribute(SCHEME)
    root.setAttribute(SCHEME, 'light')
  })
  window.addEventListener('afterprint', () => {
    if (before !== null) root.setAttribute(SCHEME, before)
  })
}
