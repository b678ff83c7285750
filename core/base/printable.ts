/** Foreign text within a message, without anything that a terminal would take for a command. */
export function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?')
}
