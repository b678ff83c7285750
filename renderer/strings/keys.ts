/** The page of keys and devices. */
import type { KeyView } from '../../core/api/views.ts'
import { formatAmount, formatCount } from '../format.ts'
import { plural } from './words.ts'

const scopes: Readonly<Record<KeyView['scopes'][number], string>> = {
  all: 'Everything, other keys included',
  spend: 'Buy, and pay for calls',
  meter: 'Charge calls that were reserved or allowed',
  issue: 'Top up, grant, refund and settle payouts',
  schedule: 'Renew what is due and close the books',
}

export const keys = {
  keys: {
    title: 'Keys & devices',
    lead: 'Whoever has one of these keys signs as this account, as far as the key allows.',
    living: 'Keys that sign',
    ended: 'Keys that sign no more',
    count: (count: number, limit: number) => `${formatCount(count)} of at most ${limit}`,
    add: 'Add a device or key',
    backUp: 'Back up',
    oneLeft: 'One key carries this account',
    oneLeftText:
      'If it is lost, nobody can sign for the account any more. Have it on a recovery sheet, and add another device that may ' +
      'sign everything. ' +
      'Until there is another such key, this one cannot be revoked.',
    columns: { key: 'Key', may: 'May sign', limits: 'Limits', used: 'Last used', state: 'State' },
    first: 'First key',
    here: 'on this machine',
    added: 'added',
    copyVkey: 'Copy the vkey',
    scopes,
    noLimits: 'none',
    spent: ({ spent, amount, per }: NonNullable<KeyView['budget']>) =>
      `${formatAmount(spent)} of ${formatAmount(amount)} used ${per === 'day' ? 'today' : 'this month'}`,
    only: 'Only',
    others: (count: number) => `and ${plural(count, 'other')}`,
    revoked: 'revoked',
    expired: 'expired',
    unused: (entries: number, isAll: boolean) =>
      isAll ? 'never' : `not in the account’s last ${plural(entries, 'entry', 'entries')}`,
    stays: 'must stay',
    revoke: 'Revoke',
    revokeLead: 'It signs nothing from then on. Of your own devices, revoke the one that was lost, not the one that you have.',
    label: 'What it is called',
    labelHint: 'For instance the device or program that will have it. Everybody sees it.',
    place: 'Where the key is',
    places: {
      here: ['Make it on this machine', 'It is sealed under the passphrase here. A backup takes it to another machine.'],
      elsewhere: ['It was made elsewhere', 'Another machine or program has it, and you paste its public part.'],
    },
    pasted: 'Public key',
    pastedHint: 'A vkey (name+id+letters), or 64 digits of hex',
    notPublic: 'This is no public key: a vkey or 64 digits of hex are.',
    may: 'What it may sign',
    powers: {
      all: ['Everything', 'Another device of your own. It can add and revoke keys, this one too.'],
      some: ['Only some things', 'For a program or somebody who works for you.'],
    },
    things: 'It may',
    budget: 'Budget',
    budgetHint: 'Leave it empty for none.',
    per: 'Renewed each',
    windows: { day: 'day (UTC)', month: 'month (UTC)' },
    listings: 'Only these listings',
    listingsHint: 'Leave it empty for all.',
    lastDay: 'Last day (UTC)',
    lastDayHint: 'Leave it empty for a key that does not end.',
    past: 'This day is over.',
    backUpTitle: 'Back up keys',
    backUpLead: 'A sealed file. Whoever has it and the passphrase can sign with the keys in it: keep it apart from this machine.',
    what: 'Which keys',
    whats: {
      account: ['Those of this account', 'To take it to another machine: nimledger keys import reads the file.'],
      machine: ['All of this machine', 'Those of every account, and of the log where it is written here.'],
    },
    passphrase: 'Passphrase of this machine’s keys',
    passphraseHint: 'It seals the file, too.',
    save: 'Save the file',
    saved: 'The file was saved. It opens with the passphrase of this machine’s keys.',
  },
} as const
