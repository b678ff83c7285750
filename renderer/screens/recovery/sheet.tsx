/** The sheet itself, as it is on the screen and on paper: whose keys these are, the words, and what to do with them. */
import { Group, Stack, Text, Title } from '@mantine/core'

import { Facts } from '../../components/layout.tsx'
import { Logo } from '../../components/logo.tsx'
import { Foreign } from '../../components/text.tsx'
import { formatDay } from '../../format.ts'
import { strings } from '../../strings.ts'
import type { Answers } from '../../trpc.ts'
import { QrCode } from './qr-code.tsx'

export type SheetOf = Answers['keys']['sheet']
type SheetKey = SheetOf['keys'][number]

export function Sheet({ sheet }: { readonly sheet: SheetOf }) {
  const { recovery: t } = strings
  const { account, name, ledger, origin, vkey, hub, made, keys } = sheet
  return (
    <article className="panel sheet" aria-label={t.title}>
      <Group justify="space-between" className="sheet-head">
        <Group gap={10}>
          <Logo />
          <Title order={2} fz="lg">
            {t.title}
          </Title>
        </Group>
        <Text size="sm">
          {t.facts.made} {formatDay(made)}
        </Text>
      </Group>
      <Facts
        rows={[
          [t.facts.account, <Foreign key="name">{name}</Foreign>],
          [t.facts.id, <Machine key="id" text={account} />],
          [t.facts.ledger, <Foreign key="ledger">{ledger}</Foreign>],
          [t.facts.origin, <Machine key="origin" text={origin} />],
          [t.facts.vkey, <Machine key="vkey" text={vkey} />],
          hub === undefined ? undefined : [t.facts.hub, <Machine key="hub" text={hub} />],
        ]}
      />
      {keys.map((key) => (
        <KeyInWords key={key.key} of={key} />
      ))}
      <Stack component="ul" gap={4} className="sheet-use">
        {t.use.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </Stack>
    </article>
  )
}

function Machine({ text }: { readonly text: string }) {
  return (
    <bdi dir="ltr" className="mono break">
      {text}
    </bdi>
  )
}

/** What a key is called on its sheet. */
export function titleOf({ what, label }: SheetKey): string {
  const { keyOf } = strings.recovery
  return label === undefined ? keyOf[what] : keyOf.added
}

function KeyInWords({ of: key }: { readonly of: SheetKey }) {
  const { recovery: t } = strings
  const title = titleOf(key)
  const name = title.toLowerCase()
  const numbered = key.words.map((word, at) => ({ number: at + 1, word }))
  return (
    <section className="sheet-key" data-what={key.what}>
      <Title order={3} fz="md">
        {title}
        {key.label !== undefined && (
          <>
            {': '}
            <Foreign>{key.label}</Foreign>
          </>
        )}{' '}
        <Text span size="xs" c="dimmed">
          {t.keyId} <span className="mono">{key.key}</span>
        </Text>
      </Title>
      <Text size="sm">{t.meaning[key.what]}</Text>
      <div className="sheet-secret">
        <ol className="sheet-words" aria-label={t.words(name)}>
          {numbered.map(({ number, word }) => (
            <li key={number}>
              <span className="sheet-number">{number}</span> <span translate="no">{word}</span>
            </li>
          ))}
        </ol>
        <QrCode text={key.words.join(' ').toUpperCase()} label={t.qr(name)} />
      </div>
    </section>
  )
}
