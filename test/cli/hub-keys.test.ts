/** The keys of a hub that runs, read again where the passphrase was typed, and after it was changed. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Hub } from '../../core/bin/hub/hub.ts'
import { readSettings } from '../../core/bin/hub/settings.ts'
import type { PassphraseSource } from '../../core/bin/passphrase.ts'
import { found } from './market.ts'
import { cli, folder, ok, PASSPHRASE } from './run.ts'

const NEW_PASSPHRASE = 'open barley'

/** A hub in this process, whose passphrase comes from `source` whenever it is read. */
async function hubWith(source: PassphraseSource) {
  const dir = join(folder(), 'ledger')
  await found(dir, 'test.example/credits')
  const logFile = join(folder(), 'hub.log')
  const read = () => readSettings({ flags: { listen: '127.0.0.1:0', logFile, schedule: 'off' }, env: {} })
  const hub = await Hub.start({ place: { dir, passphrase: source }, settings: read(), readSettings: read })
  onTestFinished(() => hub.close())
  const log = () =>
    readFileSync(logFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  const addKey = async (env: Record<string, string> = {}) => {
    const { publicKey } = (await ok(cli(dir, ['keys', 'add', 'sequencer'], { env }))) as unknown as { publicKey: string }
    return ['tx', 'sequencer.rotate', '--as', 'operator', '--body', JSON.stringify({ sequencerKey: publicKey })]
  }
  const changePassphrase = () => ok(cli(dir, ['passphrase'], { env: { NIMLEDGER_NEW_PASSPHRASE: NEW_PASSPHRASE } }))
  return { dir, hub, log, addKey, changePassphrase }
}

it('a hub whose passphrase was typed takes a key that was added since', async () => {
  const source: { environment?: string } = { environment: PASSPHRASE }
  const { dir, hub, log, addKey } = await hubWith(source)
  // Typed once, at the start: from now on nothing says it again.
  delete source.environment
  const rotate = await addKey()
  await hub.reload()
  expect(log()).toContain('the ledger takes notes again')
  expect((await cli(dir, rotate)).json).toMatchObject({ status: 'accepted' })
})

it('after the passphrase was changed it goes on with the keys it has, and says what is needed for others', async () => {
  const source: { environment?: string } = { environment: PASSPHRASE }
  const { dir, hub, log, addKey, changePassphrase } = await hubWith(source)
  delete source.environment
  await changePassphrase()
  const env = { NIMLEDGER_PASSPHRASE: NEW_PASSPHRASE }
  const rotate = await addKey(env)
  await hub.reload()
  expect(log()).toContain('the passphrase was changed, and it was typed: no keys are read until the hub is started again')
  expect(log()).toContain('settings read again')
  expect((await cli(dir, rotate, { env })).json).toMatchObject({ status: 'failed' })
  expect((await cli(dir, ['account', 'new', 'Ada'], { env })).json).toMatchObject({ name: 'Ada' })
})

it('one that is given its passphrase takes the new one with the keys', async () => {
  const source: { environment?: string } = { environment: PASSPHRASE }
  const { dir, hub, log, addKey, changePassphrase } = await hubWith(source)
  await changePassphrase()
  const env = { NIMLEDGER_PASSPHRASE: NEW_PASSPHRASE }
  const rotate = await addKey(env)
  await hub.reload()
  expect(log()).toContain('the settings cannot be taken; those before stay')
  source.environment = NEW_PASSPHRASE
  await hub.reload()
  expect((await cli(dir, rotate, { env })).json).toMatchObject({ status: 'accepted' })
})
