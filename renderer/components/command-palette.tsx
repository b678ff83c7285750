/** Every page and action by its name, with the keyboard alone: Ctrl+K. */
import { useMantineColorScheme } from '@mantine/core'
import { useClipboard, useDebouncedValue } from '@mantine/hooks'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import {
  IconBell,
  IconBuildingBank,
  IconCoins,
  IconCopy,
  IconCube,
  IconDeviceDesktop,
  IconDownload,
  IconFileText,
  IconHash,
  IconKey,
  IconListDetails,
  IconLock,
  IconMoon,
  IconPlus,
  IconRefresh,
  IconRestore,
  IconSearch,
  IconShieldCheck,
  IconSun,
  IconTag,
  IconUser,
  IconUsers,
  IconWallet,
} from '@tabler/icons-react'
import { skipToken, useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Role } from '../../core/api/views.ts'
import { nameOf, useDesk } from '../desk.tsx'
import { isolated, shortId } from '../format.ts'
import { firstPage, pagesOf } from '../pages.tsx'
import { go, href } from '../route.ts'
import { strings } from '../strings.ts'
import { useTRPC } from '../trpc.ts'

/** What the shell opens over any page. */
interface CommandPaletteProps {
  readonly newAccount: () => void
  readonly bringKeys: () => void
}

const STAY = { preventScroll: true }

export function CommandPalette({ newAccount, bringKeys }: CommandPaletteProps) {
  const [query, setQuery] = useState('')
  const pages = usePages()
  const actions = useActions({ newAccount, bringKeys })
  const own = useAccounts()
  const found = useFound(query.trim())
  const before = useRef<Element>(null)
  const { groups } = strings.shell
  const given: SpotlightActionGroupData[] = [
    { group: groups.entries, actions: entryCalled(query.trim()) },
    { group: groups.pages, actions: pages },
    { group: groups.actions, actions },
    { group: groups.accounts, actions: own },
    ...found,
  ]
  return (
    <Spotlight
      actions={given.filter(({ actions: some }) => some.length > 0)}
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      // Its own way to give the focus back takes it from wherever an action has just put it.
      returnFocus={false}
      onSpotlightOpen={() => {
        before.current = document.activeElement
      }}
      onSpotlightClose={() => {
        if (document.activeElement === document.body && before.current instanceof HTMLElement) before.current.focus(STAY)
      }}
      nothingFound={strings.shell.nothing}
      highlightQuery
      transitionProps={{ duration: 0 }}
      attributes={{ content: { 'aria-label': strings.shell.command } }}
      centered={false}
      yOffset="14vh"
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: strings.shell.search,
        'aria-label': strings.shell.command,
      }}
    />
  )
}

/** An entry by its number. */
function entryCalled(typed: string): SpotlightActionData[] {
  if (!/^\d{1,15}$/.test(typed)) return []
  const onClick = () => go(href('log', typed))
  return [{ id: 'entry', label: strings.shell.openEntry(typed), leftSection: <IconHash size={18} />, onClick }]
}

const SEARCH_MS = 150
const FOUND = 5

/** Listings that are for sale, and everybody's accounts, by what was typed. */
function useFound(typed: string): SpotlightActionGroupData[] {
  const { acting, isNobody } = useDesk()
  const trpc = useTRPC()
  const [text] = useDebouncedValue(typed, SEARCH_MS)
  const input = text.length < 2 ? skipToken : { text, limit: FOUND }
  const isBuyer = isNobody || acting.role !== 'operator'
  const listings = useQuery(trpc.market.search.queryOptions(isBuyer ? input : skipToken))
  const accounts = useQuery(trpc.account.list.queryOptions(input))
  const { groups, entriesOf } = strings.shell
  // What was found is found by more than its label, and the palette itself looks there: so it is told what was typed.
  const shown = typed === text ? { keywords: [text] } : {}
  return [
    {
      group: groups.listings,
      actions: (listings.data?.listings ?? []).map(({ listing, title, seller, kind }) => ({
        ...{
          id: listing,
          label: isolated(title),
          description: `${strings.kinds[kind]} ${strings.market.seller} ${isolated(seller)}`,
          ...shown,
        },
        leftSection: <IconTag size={18} />,
        onClick: () => go(href('market', listing)),
      })),
    },
    {
      group: groups.log,
      actions: (accounts.data?.accounts ?? []).map(({ account, name }) => ({
        ...{ id: `of ${account}`, label: entriesOf(isolated(name)), description: shortId(account), ...shown },
        leftSection: <IconListDetails size={18} />,
        onClick: () => go(href('log', undefined, { account })),
      })),
    },
  ]
}

function usePages(): SpotlightActionData[] {
  return pagesOf(useDesk()).map(({ id, title, icon: Shape }) => ({
    id,
    label: title,
    keywords: strings.shell.pageWords[id] ?? [],
    leftSection: <Shape size={18} stroke={1.7} />,
    onClick: () => go(href(id)),
  }))
}

/** By what else people look for an action. */
const { words } = strings.shell

const SELLING: readonly SpotlightActionData[] = [
  {
    id: 'new-model',
    label: strings.models.newModel,
    keywords: words.newModel,
    leftSection: <IconCube size={18} />,
    onClick: () => go(href('models', 'new')),
  },
  {
    id: 'publish',
    label: strings.models.newListing,
    keywords: words.newListing,
    leftSection: <IconTag size={18} />,
    onClick: () => go(href('models', 'publish')),
  },
]

const EARNING: readonly SpotlightActionData[] = [
  {
    id: 'payout',
    label: strings.payouts.request,
    keywords: words.payout,
    leftSection: <IconBuildingBank size={18} />,
    onClick: () => go(href('earnings', 'payout')),
  },
  {
    id: 'move',
    label: strings.payouts.move,
    leftSection: <IconWallet size={18} />,
    onClick: () => go(href('earnings', 'move')),
  },
]

const OPERATING: readonly SpotlightActionData[] = [
  {
    id: 'topup',
    label: strings.treasury.topUp,
    keywords: words.topUp,
    leftSection: <IconCoins size={18} />,
    onClick: () => go(href('treasury', 'topup')),
  },
  {
    id: 'grant',
    label: strings.types['credit.grant'] ?? '',
    keywords: words.grant,
    leftSection: <IconUsers size={18} />,
    onClick: () => go(href('accounts')),
  },
]

const SPENDING: readonly SpotlightActionData[] = [
  {
    id: 'get-credits',
    label: strings.wallet.getCredits,
    keywords: words.getCredits,
    leftSection: <IconCoins size={18} />,
    onClick: () => go(href('wallet', 'topup')),
  },
  {
    id: 'alert',
    label: strings.wallet.alert,
    keywords: words.alert,
    leftSection: <IconBell size={18} />,
    onClick: () => go(href('wallet', 'alert')),
  },
]

/** What every account does. */
const KEEPING: readonly SpotlightActionData[] = [
  {
    id: 'add-key',
    label: strings.keys.add,
    leftSection: <IconKey size={18} />,
    onClick: () => go(href('keys', 'add')),
  },
  {
    id: 'back-up',
    label: strings.keys.backUpTitle,
    leftSection: <IconDownload size={18} />,
    onClick: () => go(href('keys', 'backup')),
  },
]

/** Where a key is here that one is for. */
const SHEET: SpotlightActionData = {
  id: 'recovery-sheet',
  label: strings.recovery.title,
  keywords: words.sheet,
  leftSection: <IconFileText size={18} />,
  onClick: () => go(href('keys', 'sheet')),
}
/** What everybody does who looks at the log. */
const CHECKING: readonly SpotlightActionData[] = [
  {
    id: 'compare',
    label: strings.compare.title,
    keywords: words.compare,
    leftSection: <IconShieldCheck size={18} />,
    onClick: () => go(href('verify', 'compare')),
  },
  {
    id: 'export',
    label: strings.exports.command,
    keywords: words.export,
    leftSection: <IconDownload size={18} />,
    onClick: () => go(href('verify', 'exports')),
  },
]

/** What an account does, by its role. */
const OWN: Readonly<Record<Role, readonly SpotlightActionData[]>> = {
  creator: [...SELLING, ...EARNING, ...SPENDING],
  user: [...SPENDING, ...SELLING],
  operator: OPERATING,
}

function useActions({ newAccount, bringKeys }: CommandPaletteProps): SpotlightActionData[] {
  const { acting, desk, isNobody } = useDesk()
  const trpc = useTRPC()
  const { setColorScheme } = useMantineColorScheme()
  const lock = useMutation(trpc.desk.lock.mutationOptions())
  const now = useMutation(trpc.sync.now.mutationOptions())
  const clipboard = useClipboard()
  const { theme } = strings.shell
  const follow: SpotlightActionData = {
    id: 'sync-now',
    label: strings.sync.now,
    leftSection: <IconRefresh size={18} />,
    onClick: () => now.mutate(),
  }
  const copy: SpotlightActionData = {
    id: 'copy-id',
    label: strings.shell.copyId,
    leftSection: <IconCopy size={18} />,
    onClick: () => clipboard.copy(acting.account),
  }
  return [
    ...(isNobody ? [] : [...OWN[acting.role], ...KEEPING]),
    ...(acting.sheet === undefined ? [] : [SHEET]),
    ...CHECKING,
    ...(desk.kind === 'mirror' ? [follow] : []),
    {
      id: 'new-account',
      label: strings.shell.newAccount,
      keywords: words.newAccount,
      leftSection: <IconPlus size={18} />,
      onClick: newAccount,
    },
    {
      id: 'bring-keys',
      label: strings.bring.title,
      keywords: words.bringKeys,
      leftSection: <IconRestore size={18} />,
      onClick: bringKeys,
    },
    ...(isNobody ? [] : [copy]),
    {
      id: 'light',
      label: `${theme.label}: ${theme.light}`,
      leftSection: <IconSun size={18} />,
      onClick: () => setColorScheme('light'),
    },
    {
      id: 'dark',
      label: `${theme.label}: ${theme.dark}`,
      leftSection: <IconMoon size={18} />,
      onClick: () => setColorScheme('dark'),
    },
    {
      id: 'auto',
      label: `${theme.label}: ${theme.auto}`,
      leftSection: <IconDeviceDesktop size={18} />,
      onClick: () => setColorScheme('auto'),
    },
    { id: 'lock', label: strings.shell.lock, leftSection: <IconLock size={18} />, onClick: () => lock.mutate() },
  ]
}

function useAccounts(): SpotlightActionData[] {
  const { acting, accounts, act } = useDesk()
  return accounts
    .filter(({ account }) => account !== acting.account)
    .map((one) => ({
      id: one.account,
      label: `${strings.shell.switchTo} ${isolated(nameOf(one))}`,
      description: strings.roles[one.role],
      leftSection: <IconUser size={18} />,
      onClick: () => {
        act(one.account)
        go(href(firstPage(one.role)))
      },
    }))
}
