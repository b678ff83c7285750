/** Who follows a hub, as far as requests tell; and that strangers cannot fill its memory with themselves. */

import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { MAX_SHOWN_FOLLOWERS } from '../../core/api/hub-view.ts'
import { Followers } from '../../core/net/followers.ts'

const HOUR = 3_600_000

function stream(): ServerResponse & EventEmitter {
  return new EventEmitter() as ServerResponse & EventEmitter
}

test('the same program at the same address is one follower, and another token makes another one', () => {
  const followers = new Followers(() => 1_000)
  const ada = { address: '192.0.2.1', program: 'nimledger' }
  followers.of(ada).show(256)
  followers.of(ada).tell(300)
  followers.of(ada).show(128)
  followers.of({ ...ada, name: 'office' })
  followers.of({ ...ada, program: 'curl/8' })
  expect(followers.views.map(({ name, program, told, read }) => [name, program, told, read])).toEqual([
    [undefined, 'curl/8', undefined, undefined],
    ['office', 'nimledger', undefined, undefined],
    [undefined, 'nimledger', 300, 256],
  ])
})

test('whoever was not here for an hour is forgotten, unless they still listen', () => {
  const clock = { now: 0 }
  const followers = new Followers(() => clock.now)
  const listening = stream()
  followers.of({ address: '192.0.2.1', program: 'listens' }).watches(listening)
  followers.of({ address: '192.0.2.2', program: 'asked once' })
  clock.now = HOUR + 1
  expect(followers.views.map(({ program, streams }) => [program, streams])).toEqual([['listens', 1]])
  listening.emit('close')
  expect(followers.views).toEqual([])
})

test('many are told in part, those who listen first, and what they call themselves is plain text of some length', () => {
  const followers = new Followers(() => 0)
  followers.of({ address: '192.0.2.1', program: 'x\u202e\n'.repeat(100) }).watches(stream())
  for (let i = 0; i < 10_000; i++) followers.of({ address: `10.0.${i >> 8}.${i & 255}`, program: 'many' })
  const { views } = followers
  expect(views).toHaveLength(MAX_SHOWN_FOLLOWERS)
  expect(views[0]).toMatchObject({ streams: 1, program: expect.stringMatching(/^[ -~]{1,80}$/) })
  expect(views.at(-1)?.program).toBe('many')
})
