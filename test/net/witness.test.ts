/** The witness over HTTP: the published requests, and callers that do not keep to the protocol. */

import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { MAX_ADD_CHECKPOINT_BYTES } from '../../core/log/add-checkpoint.ts'
import { parseVerifierKey, type VerifierKey } from '../../core/log/note.ts'
import { readVectors, sha256, wellFormed } from '../log/support.ts'
import { TestWitness } from '../sync/witnesses.ts'

interface Vectors {
  readonly sequences: readonly {
    readonly source: string
    readonly origin: string
    readonly logVkey: string
    readonly requests: readonly { body: string; status: number; response?: string; responseContains?: string }[]
  }[]
}

const { sequences } = readVectors<Vectors>('witness/add-checkpoint.json')
/** They were made for a version that answered an unknown origin with 403; the published one says 404. */
const UNKNOWN_ORIGIN = 'unknown log'

const logsOf = ({ origin, logVkey }: { origin: string; logVkey: string }): ReadonlyMap<string, readonly VerifierKey[]> =>
  new Map([[origin, [wellFormed(parseVerifierKey(sha256, logVkey))]]])

const post = (url: string, body: string | Uint8Array<ArrayBuffer>) => fetch(`${url}/add-checkpoint`, { method: 'POST', body })

describe('the published requests', () => {
  test('are all there', () => {
    expect(sequences.map(({ requests }) => requests.map(({ status }) => status))).toEqual([
      [200, 403, 403, 422, 422, 200, 409, 200, 409],
      [200],
    ])
  })

  test.each(sequences)('$source', async (sequence) => {
    const witness = await TestWitness.open(logsOf(sequence), { name: 'example.com/witness' })
    const url = await witness.serve()
    for (const { body, status, response, responseContains } of sequence.requests) {
      const answer = await post(url, body)
      expect(answer.status).toBe(responseContains === UNKNOWN_ORIGIN ? 404 : status)
      const said = await answer.text()
      if (status === 409) expect([said, answer.headers.get('content-type')]).toEqual([response, 'text/x.tlog.size'])
      if (status === 200) expect(said).toMatch(/^— example\.com\/witness [A-Za-z0-9+/]+=*\n$/)
    }
    const hash = toHex(sha256(utf8(sequence.origin)))
    const latest = await fetch(`${url}/${hash}/checkpoint`)
    expect(latest.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const lines = (await latest.text()).split('\n')
    expect(lines[0]).toBe(sequence.origin)
    expect(lines.filter((line) => line.startsWith('— '))).toHaveLength(2)
    expect(witness.failures).toEqual([])
  })
})

describe('callers', () => {
  const serve = async () => {
    const witness = await TestWitness.open(logsOf(sequences[0]!))
    return { witness, url: await witness.serve() }
  }

  test('with other methods and addresses are told so', async () => {
    const { url } = await serve()
    const answers = await Promise.all([
      fetch(`${url}/add-checkpoint`),
      fetch(`${url}/healthz`),
      fetch(`${url}/healthz`, { method: 'HEAD' }),
      fetch(`${url}/healthz`, { method: 'DELETE' }),
      fetch(`${url}/${'0'.repeat(64)}/checkpoint`),
      fetch(`${url}/${'A'.repeat(64)}/checkpoint`),
      fetch(`${url}/add-checkpoint?x=1`, { method: 'POST' }),
      fetch(`${url}/`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([405, 200, 200, 405, 404, 404, 404, 404])
    expect(answers[0]!.headers.get('allow')).toBe('POST')
  })

  test('may send as much as a request may have', async () => {
    const { witness, url } = await serve()
    expect((await post(url, new Uint8Array(MAX_ADD_CHECKPOINT_BYTES))).status).toBe(400)
    const tooLong = await post(url, new Uint8Array(MAX_ADD_CHECKPOINT_BYTES + 1)).then(({ status }) => status)
    expect(tooLong).toBe(413)
    expect(witness.failures).toEqual([])
  })

  test('that say nothing, 500 of them, keep nobody from an answer', async () => {
    const { url } = await serve()
    const port = Number(new URL(url).port)
    const slow = Array.from({ length: 500 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    onTestFinished(() => {
      for (const socket of slow) socket.destroy()
    })
    await Promise.all(slow.map((socket) => new Promise((open) => socket.once('connect', open).write('POST /add-checkpoint'))))
    expect((await post(url, sequences[0]!.requests[0]!.body)).status).toBe(200)
  })

  test('that hang up in the middle of a request are no failure', async () => {
    const { witness, url } = await serve()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nold 0\n', () => socket.destroy())
    await closed
    expect((await post(url, sequences[0]!.requests[0]!.body)).status).toBe(200)
    expect(witness.failures).toEqual([])
  })

  test('are told to come back where the witness cannot remember', async () => {
    const { witness, url } = await serve()
    await witness.store.close()
    const answer = await post(url, sequences[0]!.requests[0]!.body)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
    expect(witness.failures).toHaveLength(1)
  })
})
