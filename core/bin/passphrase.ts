/** Where a passphrase comes from: a file, the environment, or the terminal, which does not show it. */

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Failure } from './failure.ts'

export interface PassphraseSource {
  readonly file?: string | undefined
  readonly environment?: string | undefined
}

export const PASSPHRASE_VARIABLE = 'NIMLEDGER_PASSPHRASE'

/** How a passphrase is asked for, and how programs give it. */
interface Wording {
  readonly question: string
  readonly variable: string
  readonly option: string
}

const OWN: Wording = { question: 'Passphrase: ', variable: PASSPHRASE_VARIABLE, option: '--passphrase-file' }
const FIRST: Wording = { ...OWN, question: 'A passphrase for the keys of this ledger: ' }
export const NEXT: Wording = {
  question: 'The new passphrase: ',
  variable: 'NIMLEDGER_NEW_PASSPHRASE',
  option: '--new-passphrase-file',
}

/** The passphrase; asked twice where it seals something new. */
export async function readPassphrase(
  { file, environment }: PassphraseSource,
  isNew: boolean,
  { question, variable, option }: Wording = isNew ? FIRST : OWN,
): Promise<string> {
  const given = file === undefined ? environment : readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  if (given !== undefined) return checked(given)
  if (!process.stdin.isTTY) {
    throw new Failure('passphrase', `The keys are sealed under a passphrase: set ${variable} or give ${option} FILE.`)
  }
  const typed = checked(await ask(question))
  if (isNew && (await ask('Once more: ')) !== typed)
    throw new Failure('passphrase', 'The two passphrases differ; nothing was done.')
  return typed
}

function checked(passphrase: string): string {
  if (passphrase === '') throw new Failure('passphrase', 'The passphrase is empty.')
  return passphrase
}

function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true })
  // Asked only now that the terminal hides what is typed: what is pasted at once would be shown before.
  process.stderr.write(question)
  return new Promise((resolve, reject) => {
    // The end of input closes the reader, too; after an answer the promise is already settled.
    reader.on('close', () => {
      process.stderr.write('\n')
      reject(new Failure('passphrase', 'No passphrase was given.'))
    })
    reader.on('SIGINT', () => reader.close())
    reader.question('', (answer) => {
      resolve(answer)
      reader.close()
    })
  })
}
