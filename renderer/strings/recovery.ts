/** The recovery sheet, and keys that come back. */
import { plural } from './words.ts'

export const recovery = {
  recovery: {
    title: 'Recovery sheet',
    titleOf: (name: string) => `A recovery sheet for ${name}`,
    lead: 'Its words bring the key back when this machine is lost or the passphrase forgotten. Nobody else can: put it on paper.',
    ask: 'Before the words are shown',
    advice: [
      'Be alone with the screen: whoever sees or photographs the words can sign as this account.',
      'Have a printer or a pen at hand. A printer that others use may keep what it printed.',
      'Do not take a picture, and do not type the words into anything but this program.',
    ],
    passphrase: 'Passphrase of this machine’s keys',
    passphraseHint: 'Once more, so that nobody who finds this window open gets the words.',
    wrong: 'This passphrase does not open the keys.',
    show: 'Show the sheet',
    later: 'I will do it later',
    back: 'Back',
    hide: 'Hide the words',
    print: 'Print',
    written: 'I have it on paper',
    takenAway: 'The words were taken off the screen. Give the passphrase to see them again.',
    facts: {
      account: 'Account',
      id: 'Account id',
      ledger: 'Ledger',
      origin: 'Origin',
      vkey: 'Key of the log (vkey)',
      hub: 'Hub',
      made: 'Made',
    },
    keyOf: {
      account: 'Key of the account',
      added: 'Another key of the account',
      log: 'Key of the log',
    },
    keyId: 'key',
    meaning: {
      account: 'It signs everything for this account, other keys included.',
      log:
        'It signs the log itself. If it is lost, the log ends; whoever else has it can show others another history. Guard this ' +
        'sheet like the ledger itself.',
    },
    qr: (what: string) => `The words of the ${what}, as a QR code`,
    words: (what: string) => `Words of the ${what}`,
    use: [
      'What it is for: these words are the key itself. No passphrase protects them, nor do they change when the passphrase does.',
      'Where to keep it: on paper, apart from this machine, where fire and water do not come. Not as a picture, nor in a mail.',
      'How it is used: in the console, “Bring keys back” or “Restore a backup”; or nimledger keys import --words FILE.',
      'If somebody else has seen it: add another key, then revoke this one. The words open nothing then.',
    ],
    confirm: 'Is it on paper?',
    confirmLead: 'Take the sheet, and type two of its words. Then you know that it can be read.',
    wordAt: (number: number) => `Word ${number}`,
    wordOf: (number: number, what: string) => `Word ${number} of the ${what}`,
    notIt: 'That is not what the sheet says there.',
    seeAgain: 'See the sheet again',
    done: 'Finish',
    kept: 'You have your recovery sheet. Keep it apart from this machine.',
    missing: 'No recovery sheet yet',
    missingText: 'Not every key with which this account signs everything is on paper. It takes two minutes.',
    make: 'Make the recovery sheet',
    again: 'Recovery sheet',
    task: 'Have your key on paper: no recovery sheet was made yet',
  },

  bring: {
    title: 'Bring keys back',
    lead: 'Keys of yours from elsewhere: each is checked before any is taken, and sealed under the passphrase of this machine.',
    action: 'Bring the keys',
    from: 'Where they are',
    ways: {
      words: ['On a recovery sheet', '24 words for each key, typed, pasted or read by a scanner.'],
      file: ['In a file of keys', 'As Back up, or nimledger keys export, wrote it.'],
    },
    words: 'The words, in their order',
    wordsHint: 'The first four letters of each are enough. Of several keys, one after the other.',
    counted: (count: number) =>
      count > 24 ? `${plural(count, 'word')} of ${24 * Math.ceil(count / 24)}` : `${plural(count, 'word')} of 24`,
    file: 'The file',
    fileHint: 'It stays as it is.',
    choose: 'Choose the file',
    tooLarge: 'This is too large to be a file of keys.',
    filePassphrase: 'Passphrase of the file',
    filePassphraseHint: 'The one that it was saved under.',
    taken: (imported: number, alreadyHere: number) =>
      imported === 0 ? `Here already: ${plural(alreadyHere, 'key')}` : `${plural(imported, 'key')} brought back`,
    withIt: 'Its keys are elsewhere: I bring them',
    withItHint: 'From a recovery sheet or a file. Without this, the passphrase that the backup was made under opens it.',
  },
} as const
