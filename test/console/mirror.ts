/** A market's ledger behind a real hub, and a folder that mirrors it, with the keys of those who buy and sell. */

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { marketCopy } from '../api/console.ts'
import { type RunningHub, startHub } from '../cli/hub-process.ts'
import type { Market } from '../cli/market.ts'
import { cli, folder, ok } from '../cli/run.ts'

export class MirroredMarket {
  /** The hub's own. */
  readonly market: Market
  /** The mirror's folder. */
  readonly dir: string
  #hub: RunningHub
  readonly #address: string

  private constructor(market: Market, dir: string, hub: RunningHub) {
    this.market = market
    this.dir = dir
    this.#hub = hub
    this.#address = new URL(hub.facts.listening).host
  }

  static async start(): Promise<MirroredMarket> {
    const market = await marketCopy()
    const hub = await startHub(market.dir)
    const dir = join(folder(), 'mirror')
    await ok(cli(dir, ['sync', '--hub', hub.facts.listening, '--vkey', market.vkey]))
    copyFileSync(join(market.dir, 'keys.json'), join(dir, 'keys.json'))
    return new MirroredMarket(market, dir, hub)
  }

  get url(): string {
    return `http://${this.#address}/`
  }

  /** It takes connections, and answers nothing. */
  freezeHub(): void {
    this.#hub.signal('SIGSTOP')
  }

  thawHub(): void {
    this.#hub.signal('SIGCONT')
  }

  async stopHub(): Promise<void> {
    await this.#hub.end()
  }

  /** At the same place as before. */
  async startHub(): Promise<void> {
    this.#hub = await startHub(this.market.dir, ['--listen', this.#address])
  }
}
