/** What can be bought: searched, filtered, each with what it costs at least. One of them opened is in listing.tsx. */
import { Button, Paper, SegmentedControl, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconBolt, IconBuildingStore, IconCube, IconDatabase, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { ListingView } from '../../../core/api/views.ts'
import { Answered, Empty, type Icon, Page, Panel, Tag } from '../../components/layout.tsx'
import { Foreign } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { href, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'
import { Listing } from './listing.tsx'
import { PriceTag } from './price-tag.tsx'

type Kind = ListingView['kind']

const KIND_ICONS: Readonly<Record<Kind, Icon>> = { model: IconCube, dataset: IconDatabase, feature: IconBolt }
const SEARCH_MS = 200

export function Market() {
  const { thing } = useRoute()
  return thing === undefined ? <Shelf /> : <Listing key={thing} listing={thing} />
}

function Shelf() {
  const [text, setText] = useState('')
  const [kind, setKind] = useState<Kind | 'all'>('all')
  const [asked] = useDebouncedValue(text.trim(), SEARCH_MS)
  const { market: t } = strings
  const trpc = useTRPC()
  const client = useTRPCClient()
  const filter = { ...(asked && { text: asked }), ...(kind !== 'all' && { kind }) }
  const list = usePartByPart(
    trpc.market.search.pathKey(),
    filter,
    (after?: string) => client.market.search.query({ ...filter, after }),
    ({ listings }) => listings,
  )
  const isFiltered = asked !== '' || kind !== 'all'
  const clear = () => {
    setText('')
    setKind('all')
  }
  return (
    <Page title={t.title} lead={t.lead}>
      <div className="filters">
        <TextInput
          aria-label={t.search}
          placeholder={t.search}
          value={text}
          maxLength={200}
          leftSection={<IconSearch size={16} />}
          className="grow"
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label={t.kind}
          value={kind}
          onChange={setKind}
          data={[
            { value: 'all' as const, label: t.all },
            ...(['model', 'dataset', 'feature'] as const).map((value) => ({ value, label: t.kinds[value] })),
          ]}
        />
      </div>
      <Answered query={{ ...list, data: list.items }}>
        {(listings) => (
          <>
            {listings.length === 0 && (
              <Panel>
                {isFiltered ? (
                  <Empty
                    icon={IconSearch}
                    title={t.none}
                    action={
                      <Button variant="default" onClick={clear}>
                        {t.clear}
                      </Button>
                    }
                  >
                    {t.noneText}
                  </Empty>
                ) : (
                  <Empty icon={IconBuildingStore} title={t.empty}>
                    {t.emptyText}
                  </Empty>
                )}
              </Panel>
            )}
            <ul className="shelf">
              {listings.map((listing) => (
                <li key={listing.listing}>
                  <Offer listing={listing} />
                </li>
              ))}
            </ul>
            {list.more !== undefined && (
              <Button variant="default" loading={list.more.isLoading} onClick={list.more.load} className="shelf-more">
                {strings.more}
              </Button>
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}

function Offer({ listing }: { readonly listing: ListingView }) {
  const { kind, title, description, seller, account } = listing
  const { acting, isNobody } = useDesk()
  const { market: t } = strings
  const Shape = KIND_ICONS[kind]
  return (
    <Paper withBorder radius="lg" component="a" href={href('market', listing.listing)} className="panel offer">
      <div className="offer-head">
        <Tag tone="accent">
          <span className="tag-icon">
            <Shape size={13} stroke={1.8} aria-hidden="true" /> {strings.kinds[kind]}
          </span>
        </Tag>
        <Text size="xs" c="dimmed" truncate>
          {account === acting.account && !isNobody ? (
            t.isYours
          ) : (
            <>
              {t.seller} <Foreign>{seller}</Foreign>
            </>
          )}
        </Text>
      </div>
      <Text fw={600} fz="lg" lineClamp={2} className="offer-title">
        <Foreign>{title}</Foreign>
      </Text>
      <Text size="sm" c="dimmed" lineClamp={2} className="grow">
        <Foreign>{description}</Foreign>
      </Text>
      <div className="offer-price">
        <PriceTag listing={listing} />
      </div>
    </Paper>
  )
}
