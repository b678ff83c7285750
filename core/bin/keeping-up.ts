/**
 * Following a hub for as long as a program runs: a round whenever there is news, or after a while. As long as the hub cannot be
 * reached, the pauses double.
 */

import { RemoteError } from '../sync/remote.ts'
import type { Following, Round, Sending } from './following.ts'
import type { News } from './news.ts'

/**
 * The pause before a hub is asked again that sends no news, or that could not be reached: then doubled each time, up to a minute.
 */
const POLL_MS = 2_000
const MAX_PAUSE_MS = 60_000

/**
 * The result of each round, or why the hub could not be asked, until the news end. `begin` is called before each round and says
 * how it sends. Throws what ends following: a hub that was caught, a mirror that is damaged.
 */
export async function* keepUp(
  following: Following,
  news: News,
  begin: () => Sending = () => 'unpaused',
): AsyncGenerator<Round | RemoteError> {
  for (let pauseMs = POLL_MS; !news.isOver; ) {
    try {
      yield await following.round(begin())
      pauseMs = POLL_MS
    } catch (error) {
      if (!(error instanceof RemoteError && error.code === 'offline')) throw error
      yield error
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
    }
    await news.wait(pauseMs * (0.75 + Math.random() / 2))
  }
}
