/**
 * A hub in this process, over a ledger with Ada and Bob in a folder that is gone after the test; and requests to it, as they are.
 */

import { type IncomingMessage, request as send } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Failure } from '../../core/api/failures.ts'
import { toBase64 } from '../../core/base/bytes.ts'
import { knownFailureOf } from '../../core/bin/failure.ts'
import { hubAccess } from '../../core/bin/hub/access.ts'
import { HubLedger } from '../../core/bin/hub/hub-ledger.ts'
import { Monitor } from '../../core/bin/monitor/monitor.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { Ledger } from '../../core/ledger/ledger.ts'
import { signNote } from '../../core/log/note.ts'
import type { AccessPolicy } from '../../core/net/access.ts'
import { Followers } from '../../core/net/followers.ts'
import { DEFAULT_LIMITS, type Limits } from '../../core/net/gate.ts'
import { HubMetrics } from '../../core/net/hub-metrics.ts'
import { serveHub } from '../../core/net/hub-server.ts'
import { sqliteHome } from '../ledger/homes.ts'
import {
  ADA,
  accepted,
  BOB,
  OPERATOR,
  ORIGIN,
  openUnindexed,
  type Person,
  SEQUENCER,
  TestLedger,
  VERIFIER,
} from '../ledger/support.ts'

interface Given {
  readonly policy?: AccessPolicy
  readonly limits?: Partial<Limits>
  readonly names?: readonly string[]
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface Asking {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly token?: string | undefined
}

export class TestHub {
  policy: AccessPolicy
  readonly folder: string
  /** Signs; the hub writes. */
  readonly test: TestLedger
  readonly port: number

  private constructor(policy: AccessPolicy, folder: string, test: TestLedger, port: number) {
    this.policy = policy
    this.folder = folder
    this.test = test
    this.port = port
  }

  /** Entries: genesis, Ada, Bob, a credit to Ada, one to Bob. */
  static async start({ policy = 'public', limits, names = [] }: Given = {}): Promise<TestHub> {
    const home = await sqliteHome()
    const test = await TestLedger.found(home)
    for (const note of [test.opening(ADA), test.opening(BOB), test.topup(ADA, '100'), test.topup(BOB, '7')])
      accepted(await test.ledger.submit(note))
    await test.close()
    const figures: { metrics?: HubMetrics; monitor?: Monitor } = {}
    const ledger = await HubLedger.open({
      open: async () =>
        Ledger.open({
          rules,
          sha256,
          store: await home.openWriter(),
          verifier: VERIFIER,
          now: () => test.time,
          sequencerKeys: [SEQUENCER],
        }),
      openSearched: () => openUnindexed(home),
      grew: (size) => figures.monitor?.grew(size),
      sequencerKeys: () => [SEQUENCER],
      now: () => test.time,
      explain: (error): Failure => knownFailureOf(error) ?? { code: 'defect', message: String(error) },
      observer: {
        noteTaken: () => figures.metrics?.noteTaken(),
        noteAnswered: (...given) => figures.metrics?.noteAnswered(...given),
      },
    })
    const state: { hub?: TestHub } = {}
    const dir = home.folder
    const ofHub = { dir, origin: ORIGIN, operator: OPERATOR.account, host: ledger }
    const access = hubAccess({ ...ofHub, policy: () => state.hub?.policy ?? policy })
    const metrics = new HubMetrics({ size: () => ledger.size, isUp: () => true, lastEntryTime: () => 0, freeBytes: () => 0 })
    figures.metrics = metrics
    const gate = { limits: { ...DEFAULT_LIMITS, ...limits }, names, proxies: [] }
    const followers = new Followers(Date.now)
    const told = { program: 'hub', version: '0.0.0', schedulerOff: () => 'it is a test', failed: () => {} } as const
    const monitor = new Monitor({ ...told, dir, metrics, ledger, followers })
    figures.monitor = monitor
    const address = { host: '127.0.0.1', port: 0 }
    const view = () => monitor.view()
    const server = await serveHub({ host: ledger, access, gate, metrics, followers, view, address })
    onTestFinished(async () => {
      monitor.close()
      await server.close()
      await ledger.close()
    })
    state.hub = new TestHub(policy, home.folder, test, Number(new URL(server.origin).port))
    return state.hub
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  ask(path: string, { method = 'GET', headers = {}, body, token }: Asking = {}): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const given = { host: '127.0.0.1', port: this.port, path, method, headers: { ...bearer, ...headers }, agent: false }
      const request = send(given, async (response) => {
        let text = ''
        for await (const part of response.setEncoding('utf8')) text += part
        resolve({ status: response.statusCode!, headers: response.headers, text })
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  /** A call, by POST as a program makes it. */
  call(procedure: string, input: unknown, { headers = {}, ...asking }: Asking = {}): Promise<Answered> {
    const body = JSON.stringify(input)
    return this.ask(`/trpc/${procedure}`, {
      method: 'POST',
      ...asking,
      headers: { 'content-type': 'application/json', ...headers },
      body,
    })
  }

  /** What a call gave that has to succeed. */
  async result<T>(procedure: string, input: unknown, asking: Asking = {}): Promise<T> {
    const { status, text } = await this.call(procedure, input, asking)
    if (status !== 200) throw new Error(`${procedure} was answered with ${status}: ${text}`)
    return (JSON.parse(text) as { result: { data: T } }).result.data
  }

  submit(note: Uint8Array): Promise<{ status: string; index: number }> {
    return this.result('transaction.submit', { note: toBase64(note) })
  }

  /** The token of somebody who signs in. */
  async signIn({ account, signer }: Person): Promise<string> {
    const { text } = await this.result<{ text: string }>('access.challenge', { account })
    const proof = await this.result<{ token: string }>('access.prove', { note: toBase64(signNote(text, [signer])) })
    return proof.token
  }
}
