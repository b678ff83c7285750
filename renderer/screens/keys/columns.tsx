/** A key in a row: what it is called, what it may sign, its limits, its last use. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import type { KeyPage, KeyView } from '../../../core/api/views.ts'
import type { Column } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Tag } from '../../components/layout.tsx'
import { Copy, Foreign, When } from '../../components/text.tsx'
import { isolated, shortId, thousandths } from '../../format.ts'
import { strings } from '../../strings.ts'

/** Listings that are named; a key may have a hundred. */
const MAX_NAMED = 3

type Page = Pick<KeyPage, 'looked' | 'names'>

/** Without `revoke`, for keys that ended. */
export function columnsOf({ looked, names }: Page, revoke?: (key: KeyView) => void): Column<KeyView>[] {
  const { columns, scopes } = strings.keys
  const { actions } = strings.accounts.columns
  return [
    { id: 'key', title: columns.key, cell: (key) => <Called of={key} /> },
    {
      id: 'may',
      title: columns.may,
      cell: (key) => (
        <Stack gap={2}>
          {key.scopes.map((scope) => (
            <span key={scope}>{scopes[scope]}</span>
          ))}
        </Stack>
      ),
    },
    { id: 'limits', title: columns.limits, cell: (key) => <Limits of={key} names={names} /> },
    { id: 'used', title: columns.used, cell: (key) => <LastUse of={key} looked={looked} /> },
    {
      id: 'end',
      title: revoke === undefined ? columns.state : actions,
      align: 'end',
      cell: (key) => <End of={key} revoke={revoke} />,
    },
  ]
}

function Called({ of: { key, label, vkey, addedAt, isHere } }: { readonly of: KeyView }) {
  const { keys: t } = strings
  return (
    <Stack gap={2}>
      <Group gap={8}>
        <Text span fw={550} size="sm">
          {label === undefined ? t.first : <Foreign>{label}</Foreign>}
        </Text>
        {isHere && <Tag tone="accent">{t.here}</Tag>}
      </Group>
      <Text span size="xs" c="dimmed">
        <span className="mono">{key}</span> <Copy value={vkey} label={t.copyVkey} /> · {t.added} <When time={addedAt} dayOnly />
      </Text>
    </Stack>
  )
}

function Limits({ of: { budget, listings, expires }, names }: { readonly of: KeyView } & Pick<Page, 'names'>) {
  const { keys: t } = strings
  if (budget === undefined && listings === undefined && expires === undefined) return <span className="dimmed">{t.noLimits}</span>
  return (
    <Stack gap={4}>
      {budget !== undefined && (
        <div>
          <span>{t.spent(budget)}</span>
          <Progress
            value={thousandths(budget.spent, budget.amount) / 10}
            size="xs"
            color="var(--accent)"
            aria-label={t.spent(budget)}
          />
        </div>
      )}
      {listings !== undefined && (
        <span>
          {t.only}{' '}
          {listings.slice(0, MAX_NAMED).map((listing, at) => (
            <span key={listing}>
              {at > 0 && ', '}
              <Foreign>{names[listing] ?? shortId(listing)}</Foreign>
            </span>
          ))}
          {listings.length > MAX_NAMED && ` ${t.others(listings.length - MAX_NAMED)}`}
        </span>
      )}
      {expires !== undefined && (
        <span>
          {strings.wallet.until} <When time={expires} />
        </span>
      )}
    </Stack>
  )
}

function LastUse({ of: { used }, looked: { entries, isAll } }: { readonly of: KeyView } & Pick<Page, 'looked'>) {
  if (used === undefined) return <span className="dimmed">{strings.keys.unused(entries, isAll)}</span>
  return (
    <Stack gap={2}>
      <When time={used.time} dayOnly />
      <EntryLink index={used.index} />
    </Stack>
  )
}

/** How it ended, or can be ended. */
function End({ of: key, revoke }: { readonly of: KeyView; readonly revoke: ((key: KeyView) => void) | undefined }) {
  const { keys: t } = strings
  if (key.revoked) return <Tag tone="bad">{t.revoked}</Tag>
  if (revoke === undefined) return <Tag>{t.expired}</Tag>
  if (key.isLastMaster) return <Tag tone="warn">{t.stays}</Tag>
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`${t.revoke}: ${isolated(key.label ?? t.first)} ${key.key}`}
      onClick={() => revoke(key)}
    >
      {t.revoke}
    </Button>
  )
}
