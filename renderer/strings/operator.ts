import { plural } from './words.ts'

export const operator = {
  treasury: {
    title: 'Treasury',
    lead: 'Every book of the ledger. Together they are zero after every entry, always.',
    outstanding: 'Credits outstanding',
    outstandingNote: 'sold or granted, and not redeemed',
    fees: 'Platform fees',
    plans: 'Plan revenue',
    creators: 'Owed to creators',
    creatorsNote: 'earnings and payouts under way',
    balance: 'Trial balance',
    asOf: (size: number) => `after ${plural(size, 'entry', 'entries')}`,
    book: 'Book',
    amount: 'Balance',
    sum: 'Sum',
    sumHolds: 'zero, as it must be',
    topUp: 'Top up an account',
    topUpLead: 'Only for credits that were paid for. The provider’s reference credits once and for ever.',
    account: 'Account',
    accountHint: 'By name or id',
    unknown: 'No such account',
    amountLabel: 'Amount',
    provider: 'Provider',
    providerHint: 'a-z, 0-9 and -, such as bank or stripe',
    reference: 'Payment reference',
    recent: 'Top-ups',
    none: 'No top-ups yet',
    noneText: 'The first one brings the first credits into the ledger.',
  },

  firstSteps: {
    title: 'What to do next',
    done: 'Done',
    open: 'To do',
    account: 'Open an account, for yourself or for whoever sits at this machine. Others make their keys on theirs.',
    topUp: 'Top it up, once its credits were paid for.',
    offer: 'Act as a creator: take a plan, then publish a model, a dataset or a feature. Buyers find it in the marketplace.',
    keep: 'Keep a copy:',
    serve: 'Let others take part:',
  },

  entryActions: {
    leads: {
      'credit.refund':
        'What is given back goes to the payer, as far as it was not given back before. In full, it ends what was bought.',
      'credit.return': 'Unspent credits are taken back, once their price was paid back outside the ledger.',
      'credit.chargeback': 'The payment was called back. What the account does not have any more, it owes.',
    },
  },

  accounts: {
    title: 'Accounts',
    lead: 'Everybody with an account on this ledger.',
    search: 'Search by name or id',
    columns: {
      number: 'No.',
      name: 'Name',
      account: 'Account',
      spendable: 'Spendable',
      earnings: 'Earnings',
      actions: 'Actions',
    },
    frozen: 'frozen',
    here: 'key on this machine',
    empty: 'Nobody is called that',
    freeze: 'Freeze',
    unfreeze: 'Unfreeze',
    reasonHint: 'It stands in the log, for everybody to see.',
    inLog: 'See its entries in the log',
    topUp: 'Top up',
  },
}
