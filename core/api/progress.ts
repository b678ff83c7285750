/** Long work as events. */

interface Progress {
  readonly what: 'progress'
  readonly done: number
  readonly total: number
}

/** The newest progress of some work, as often as somebody asks for it; returns what the work results in. */
export async function* progressOf<Result>(
  signal: AbortSignal,
  work: (tell: (done: number, total: number) => void) => Promise<Result>,
): AsyncGenerator<Progress, Result> {
  let newest: Progress | undefined
  let isDone = false
  let wake = () => {}
  const running = work((done, total) => {
    newest = { what: 'progress', done, total }
    wake()
  })
  const end = () => {
    isDone = true
    wake()
  }
  running.then(end, end)
  while (!isDone && !signal.aborted) {
    const told = newest
    newest = undefined
    if (told !== undefined) yield told
    else await new Promise<void>((resolve) => (wake = resolve))
  }
  return running
}
