/** The keys of the console's machine: which are here, one more, and the ways in which they leave it and come back. */

import type { HostKeys, KeySource } from '../../api/host.ts'
import type { KeysTaken, RecoverySheet } from '../../api/views.ts'
import { publicKeyHex } from '../desk.ts'
import { localKeys, localNames } from '../local-keys.ts'
import { sealedKey } from '../new-key.ts'
import { aside, type Tasks } from './aside.ts'
import type { DeskShared } from './opened.ts'
import { blankSheet, bringKeys, markSheet, openSource } from './recovery.ts'

export class DeskKeys implements HostKeys {
  readonly #desk: DeskShared

  constructor(desk: DeskShared) {
    this.#desk = desk
  }

  has(account: string): boolean {
    return localNames(this.#desk.dir).has(account)
  }

  here(account: string): ReadonlySet<string> {
    return new Set(localKeys(this.#desk.dir).flatMap((key) => (key.account === account ? [key.keyId] : [])))
  }

  async make(account: string, label: string): Promise<string> {
    const opened = this.#desk.opened()
    this.#desk.touch()
    return opened.writing(async (desk) => publicKeyHex(await sealedKey(desk, account, label)))
  }

  file(passphrase: string, account: string | undefined): Promise<Uint8Array> {
    return this.#unsealing('keyFile', { dir: this.#desk.dir, passphrase, account })
  }

  async sheet(account: string, passphrase: string): Promise<RecoverySheet> {
    const { dir } = this.#desk
    const opened = this.#desk.opened()
    const hub = opened.sync?.hub.url
    const { publicKeys, fill } = await opened.reading((sight) => blankSheet(dir, sight, account, hub))
    return fill(await this.#unsealing('words', { dir, passphrase, publicKeys }), new Date())
  }

  async markSheet(account: string, as: 'kept' | 'missing'): Promise<void> {
    const { dir } = this.#desk
    await this.#desk.opened().reading((sight) => markSheet(dir, sight, account, as, new Date()))
    this.#desk.changed()
  }

  async bring(source: KeySource): Promise<KeysTaken> {
    this.#desk.touch()
    const found = await openSource(source)
    const opened = this.#desk.opened()
    const taken = await opened.reading(({ store }) => bringKeys(this.#desk.dir, store, opened.vault, found))
    this.#desk.changed()
    return taken
  }

  /** What takes the passphrase while the ledger is open. */
  async #unsealing<Name extends 'keyFile' | 'words'>(name: Name, given: Tasks[Name]['given']): Promise<Tasks[Name]['result']> {
    this.#desk.opened()
    this.#desk.touch()
    return this.#desk.attempt(() => aside(name, given, { signal: this.#desk.signal }))
  }
}
