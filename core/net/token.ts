/** Whether `text` may be a token: it goes into a header as it is. */
export function isToken(text: string): boolean {
  return /^[!-~]{1,512}$/.test(text)
}
