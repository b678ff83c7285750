/** One listing: what it is, its terms in plain words, what buying it costs and what stays in the wallet. */
import { Alert, Button, Group, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconLock, IconSignature, IconUserPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { HoldingsList, isEmptyHanded } from '../../components/holdings.tsx'
import { Answered, Facts, Page, Panel, RefusalNotice, Tag } from '../../components/layout.tsx'
import { NewAccount } from '../../components/new-account.tsx'
import { Amount, Foreign, Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { decimalsOf, formatBytes, parseTyped } from '../../format.ts'
import { useForeseen } from '../../preview.ts'
import { href } from '../../route.ts'
import { type SignRequest, useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC } from '../../trpc.ts'
import { type Offer, offersOf } from './offers.ts'

type Detail = Answers['market']['listing']

export function Listing({ listing }: { readonly listing: string }) {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const detail = useQuery(trpc.market.listing.queryOptions({ listing, viewer: acting.account }))
  const { market: t } = strings
  const lead = detail.data && (
    <Group gap={8}>
      <Tag tone="accent">{strings.kinds[detail.data.kind]}</Tag>
      <span>
        {t.seller} <Foreign>{detail.data.seller}</Foreign>
      </span>
    </Group>
  )
  const title = detail.data === undefined ? t.listing : <Foreign>{detail.data.title}</Foreign>
  return (
    <Page title={title} lead={lead} back={{ to: href('market'), title: t.title }}>
      <Answered query={detail} lines={5}>
        {(data) => (
          <div className="columns">
            <div data-span="7">
              <About detail={data} />
            </div>
            <div data-span="5">
              <Stack>
                <Buy detail={data} />
                {data.owned !== undefined && <Owned owned={data.owned} />}
              </Stack>
            </div>
          </div>
        )}
      </Answered>
    </Page>
  )
}

function About({ detail }: { readonly detail: Detail }) {
  const { description, terms, version, listing, account, modelName } = detail
  const { market: t } = strings
  return (
    <Stack>
      {description !== '' && (
        <Panel>
          <Text className="description">
            <Foreign>{description}</Foreign>
          </Text>
        </Panel>
      )}
      <Panel title={t.terms(version)}>
        <ul className="terms">
          {strings.termsInWords(terms).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Panel>
      <Panel>
        <Facts
          rows={[
            [t.listing, <Id key="listing" value={listing} />],
            [t.sellerAccount, <Id key="seller" value={account} />],
            modelName === undefined ? undefined : [t.model, <Foreign key="model">{modelName}</Foreign>],
            terms.content && [t.size, formatBytes(terms.content.bytes)],
            terms.content && [t.digest, <Id key="digest" value={terms.content.sha256} />],
          ]}
        />
      </Panel>
    </Stack>
  )
}

function Owned({ owned }: { readonly owned: NonNullable<Detail['owned']> }) {
  const { subscription, purchase, licences, feature, mandate } = owned
  const held = {
    subscriptions: subscription === undefined ? [] : [subscription],
    entitlements: [purchase, feature, ...licences].filter((one) => one !== undefined),
    mandates: mandate === undefined ? [] : [mandate],
  }
  if (isEmptyHanded(held)) return null
  return (
    <Panel title={strings.market.yours}>
      <HoldingsList holdings={held} />
    </Panel>
  )
}

function Buy({ detail }: { readonly detail: Detail }) {
  const { acting, ledger, isNobody } = useDesk()
  const sign = useSign()
  const [chosen, setChosen] = useState(0)
  const [limit, setLimit] = useState('10')
  const { market: t } = strings
  const offers = offersOf(detail, ledger.time)
  const offer = offers[chosen] ?? offers[0]
  if (detail.closedBecause !== undefined || offer === undefined) {
    return (
      <Alert className="notice" data-tone="quiet" icon={<IconLock size={18} />}>
        {t.closed(detail.closedBecause ?? '')}
      </Alert>
    )
  }
  if (detail.account === acting.account) return <OwnListing listing={detail.listing} />
  const typed = parseTyped(limit)
  const body = offer.type === 'usage.mandate' ? offer.body(typed ?? '0') : offer.body('')
  return (
    <Panel title={offers.length > 1 ? t.choose : t.buy}>
      <Stack gap="sm">
        <Radio.Group value={String(chosen)} onChange={(value) => setChosen(Number(value))} aria-label={t.choose}>
          <Stack gap={8}>
            {offers.map((one, at) => (
              <Choice key={one.key} offer={one} value={String(at)} />
            ))}
          </Stack>
        </Radio.Group>
        {offer.type === 'usage.mandate' && (
          <TextInput
            label={t.options.limit}
            value={limit}
            inputMode="decimal"
            error={typed === undefined || typed === '0' ? strings.publish.amount : undefined}
            onChange={(event) => setLimit(event.currentTarget.value)}
          />
        )}
        {isNobody ? (
          <AccountNeeded />
        ) : (
          <>
            <Consequence signer={acting.account} type={offer.type} body={body} />
            <Button
              size="md"
              leftSection={<IconSignature size={18} />}
              disabled={offer.type === 'usage.mandate' && (typed === undefined || typed === '0')}
              onClick={() => sign({ signer: acting.account, type: offer.type, body })}
            >
              {strings.sign.review}
            </Button>
          </>
        )}
      </Stack>
    </Panel>
  )
}

/** Prices are everybody's to see; to buy, somebody has to sign. */
function AccountNeeded() {
  const [isNaming, naming] = useDisclosure(false)
  const { market: t } = strings
  return (
    <>
      <Text size="sm" c="dimmed">
        {t.accountNeeded}
      </Text>
      <Button size="md" leftSection={<IconUserPlus size={18} />} onClick={naming.open}>
        {strings.account.title}
      </Button>
      {isNaming && <NewAccount close={naming.close} />}
    </>
  )
}

function OwnListing({ listing }: { readonly listing: string }) {
  const { market: t } = strings
  return (
    <Panel title={t.own}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm" c="dimmed">
          {t.ownText}
        </Text>
        <Button variant="light" component="a" href={href('models', 'change', { listing })}>
          {strings.publish.changeTitle}
        </Button>
      </Stack>
    </Panel>
  )
}

function Choice({ offer, value }: { readonly offer: Offer; readonly value: string }) {
  return (
    <Radio.Card value={value} radius="md" className="choice" aria-label={offer.title}>
      <Radio.Indicator size="sm" />
      <span className="grow">
        <Text span fw={550} size="sm" display="block">
          {offer.title}
        </Text>
        <Text span size="xs" c="dimmed" display="block">
          {offer.note}
        </Text>
      </span>
      {offer.price !== undefined && (
        <span className="price">
          <Amount value={offer.price} />
        </span>
      )}
    </Radio.Card>
  )
}

/** What stays in the wallet; or why the ledger would refuse it, said before anything is asked. */
function Consequence(draft: Pick<SignRequest, 'signer' | 'type' | 'body'>) {
  const preview = useForeseen(draft)
  if (preview === undefined) return <div className="consequence" />
  if (preview.status === 'refused') return <RefusalNotice refusal={preview} />
  const { gross, balances } = preview
  const after = balances[`wallet:${draft.signer}`]
  if (gross === undefined || after === undefined) return null
  const { market: t } = strings
  const decimals = decimalsOf([gross, after])
  return (
    <div className="consequence ledger-lines">
      <div className="ledger-line">
        <span>{t.costs}</span>
        <Amount value={gross} aligned={decimals} />
      </div>
      <div className="ledger-line" data-total>
        <span>{t.stays}</span>
        <Amount value={after} aligned={decimals} />
      </div>
    </div>
  )
}
