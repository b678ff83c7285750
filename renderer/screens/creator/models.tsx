/** A creator's plan, models and listings; what each can become next. */
import { Button, Group, Text } from '@mantine/core'
import { IconCube, IconPlus, IconTag } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Page, Panel, Tag } from '../../components/layout.tsx'
import { SlotMeter } from '../../components/slots.tsx'
import { Foreign, Id, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { href, leave, useRoute } from '../../route.ts'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC, useTRPCClient } from '../../trpc.ts'
import { PriceTag } from '../user/price-tag.tsx'
import { ChangeListing } from './change-listing.tsx'
import { NewModel } from './new-model.tsx'
import { Plans } from './plans.tsx'
import { Publish } from './publish.tsx'

type ModelList = Answers['creator']['models']
type Model = ModelList['models'][number]
type Listing = Answers['creator']['listings']['listings'][number]

export function Models() {
  const { acting } = useDesk()
  const { thing, search } = useRoute()
  const trpc = useTRPC()
  const models = useQuery(trpc.creator.models.queryOptions({ account: acting.account }))
  const { models: t } = strings
  const close = () => leave(href('models'))
  const actions = (
    <>
      <Button variant="default" leftSection={<IconPlus size={16} />} component="a" href={href('models', 'new')}>
        {t.newModel}
      </Button>
      <Button leftSection={<IconTag size={16} />} component="a" href={href('models', 'publish')}>
        {t.newListing}
      </Button>
    </>
  )
  return (
    <Page title={t.title} lead={t.lead} actions={actions}>
      <Answered query={models} lines={5}>
        {(list) => (
          <>
            {thing === 'new' && <NewModel close={close} />}
            {thing === 'change' && <ChangeListing listing={search.get('listing') ?? ''} list={list} close={close} />}
            {thing === 'publish' && <Publish list={list} model={search.get('model') ?? undefined} close={close} />}
            <Plans plan={list.plan} isChoosing={thing === 'plan'} />
            <ModelsPanel list={list} />
            <ListingsPanel />
          </>
        )}
      </Answered>
    </Page>
  )
}

function ModelsPanel({ list }: { readonly list: ModelList }) {
  const { models: t } = strings
  const { slots, models } = list
  const columns = useMemo(() => modelColumns(slots), [slots])
  const action = (
    <Button leftSection={<IconPlus size={16} />} component="a" href={href('models', 'new')}>
      {t.newModel}
    </Button>
  )
  const aside = slots.limit > 0 && (
    <Group gap={8} wrap="nowrap">
      <SlotMeter {...slots} />
      <span>
        {strings.overview.slotsOf(slots.used, slots.limit)} · {t.slotsFree(Math.max(0, slots.limit - slots.used))}
      </span>
    </Group>
  )
  return (
    <Panel title={t.models} aside={aside} flush>
      {models.length === 0 ? (
        <Empty icon={IconCube} title={t.empty} action={action}>
          {t.emptyText}
        </Empty>
      ) : (
        <DataTable label={t.models} columns={columns} rows={models} rowKey={({ model }) => model} sortedBy="name" />
      )}
    </Panel>
  )
}

const { columns } = strings.models

function modelColumns(slots: ModelList['slots']): readonly Column<Model>[] {
  return [
    {
      id: 'name',
      title: columns.name,
      cell: ({ name, base, description }) => (
        <div>
          <Text size="sm" fw={550} component="div">
            <Foreign>{name}</Foreign>
          </Text>
          <Text size="xs" c="dimmed" lineClamp={1} component="div">
            <Foreign>{base}</Foreign>
            {description !== '' && (
              <>
                {' · '}
                <Foreign>{description}</Foreign>
              </>
            )}
          </Text>
        </div>
      ),
      order: ({ name }) => name,
    },
    { id: 'artifact', title: columns.artifact, cell: ({ artifact }) => <Id value={artifact} /> },
    {
      id: 'created',
      title: columns.created,
      cell: ({ createdAt }) => <When time={createdAt} dayOnly />,
      order: ({ createdAt }) => createdAt,
    },
    {
      id: 'state',
      title: columns.state,
      cell: (model) => <ModelState model={model} slots={slots} />,
      order: ({ isDeployed }) => Number(isDeployed),
    },
    { id: 'actions', title: strings.accounts.columns.actions, align: 'end', cell: (model) => <ModelActions model={model} /> },
  ]
}

interface ModelStateProps {
  readonly model: Model
  readonly slots: ModelList['slots']
}

/** How it stands; where it cannot be published, why, and what would allow it. */
function ModelState({ model: { isDeployed, isServing }, slots: { used, limit } }: ModelStateProps) {
  const { models: t } = strings
  if (isServing) return <Tag tone="accent">{t.serving}</Tag>
  const why = isDeployed ? t.why.suspended : limit === 0 ? t.why.plan : used >= limit ? t.why.full(limit) : t.why.deploy
  return (
    <>
      <Tag tone={isDeployed ? 'warn' : 'quiet'}>{isDeployed ? t.suspended : t.idle}</Tag>
      <Text size="xs" c="dimmed" maw={260}>
        {why}
      </Text>
    </>
  )
}

function ModelActions({ model: { model, name, isDeployed } }: { readonly model: Model }) {
  const { acting } = useDesk()
  const sign = useSign()
  const { models: t } = strings
  const ask = (type: 'model.deploy' | 'model.undeploy') => () => sign({ signer: acting.account, type, body: { model } })
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      {isDeployed && (
        <Button
          size="compact-sm"
          variant="light"
          component="a"
          href={href('models', 'publish', { model })}
          aria-label={`${t.publish}: ${name}`}
        >
          {t.publish}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant={isDeployed ? 'default' : 'light'}
        onClick={ask(isDeployed ? 'model.undeploy' : 'model.deploy')}
        aria-label={`${isDeployed ? t.undeploy : t.deploy}: ${name}`}
      >
        {isDeployed ? t.undeploy : t.deploy}
      </Button>
    </Group>
  )
}

const LISTING_COLUMNS: readonly Column<Listing>[] = [
  {
    id: 'title',
    title: columns.title,
    cell: ({ listing, title }) => (
      <a className="entry-link strong" href={href('market', listing)}>
        <Foreign>{title}</Foreign>
      </a>
    ),
    order: ({ title }) => title,
  },
  { id: 'kind', title: columns.kind, cell: ({ kind }) => strings.kinds[kind], order: ({ kind }) => kind },
  { id: 'price', title: columns.price, cell: (listing) => <PriceTag listing={listing} /> },
  { id: 'terms', title: columns.terms, cell: ({ version }) => strings.models.version(version) },
  {
    id: 'state',
    title: columns.state,
    cell: (listing) => <ListingState listing={listing} />,
  },
  {
    id: 'actions',
    title: strings.accounts.columns.actions,
    align: 'end',
    cell: (listing) => !listing.isWithdrawn && <ListingActions listing={listing} />,
  },
]

function ListingState({ listing: { isWithdrawn, closedBecause } }: { readonly listing: Listing }) {
  const { models: t } = strings
  if (isWithdrawn) return <Tag>{t.withdrawn}</Tag>
  if (closedBecause === undefined) return <Tag tone="accent">{t.forSale}</Tag>
  return (
    <>
      <Tag tone="warn">{t.closed}</Tag>
      <Text size="xs" c="dimmed">
        {closedBecause}. {t.why.listing[closedBecause]}
      </Text>
    </>
  )
}

function ListingActions({ listing: { listing, title } }: { readonly listing: Listing }) {
  const { acting } = useDesk()
  const sign = useSign()
  const { models: t } = strings
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="light"
        component="a"
        href={href('models', 'change', { listing })}
        aria-label={`${t.change}: ${title}`}
      >
        {t.change}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`${t.withdraw}: ${title}`}
        onClick={() => sign({ signer: acting.account, type: 'listing.withdraw', body: { listing } })}
      >
        {t.withdraw}
      </Button>
    </Group>
  )
}

function ListingsPanel() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { models: t } = strings
  const list = usePartByPart(
    trpc.creator.listings.pathKey(),
    { account },
    (after?: string) => client.creator.listings.query({ account, after }),
    ({ listings }) => listings,
  )
  const action = (
    <Button leftSection={<IconTag size={16} />} component="a" href={href('models', 'publish')}>
      {t.newListing}
    </Button>
  )
  return (
    <Panel title={t.listings} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(listings) =>
          listings.length === 0 ? (
            <Empty icon={IconTag} title={t.noListings} action={action}>
              {t.noListingsText}
            </Empty>
          ) : (
            <DataTable
              label={t.listings}
              columns={LISTING_COLUMNS}
              rows={listings}
              rowKey={({ listing }) => listing}
              more={list.more}
            />
          )
        }
      </Answered>
    </Panel>
  )
}
