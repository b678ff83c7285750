/** What a program that follows a hub waits for. */

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { News } from '../../core/bin/news.ts'

test('a hub that talks without end is heard at leisure', async () => {
  let said = 0
  using news = new News({
    async *news(signal) {
      for (; !signal.aborted; said++) {
        await setImmediate()
        yield
      }
    },
    hasUnsent: async () => false,
  })
  await news.wait(60_000)
  await sleep(500)
  expect(said).toBeGreaterThan(0)
  expect(said).toBeLessThan(20)
})
