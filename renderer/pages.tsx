/** The pages and whose they are. A person sees those that they can use, and no others. */
import {
  IconActivity,
  IconBuildingBank,
  IconBuildingStore,
  IconCoins,
  IconCube,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconRefreshDot,
  IconReportMoney,
  IconServer,
  IconShieldCheck,
  IconUsers,
  IconUsersGroup,
  IconWallet,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import type { Role } from '../core/api/views.ts'
import type { Icon } from './components/layout.tsx'
import type { Desk } from './desk.tsx'
import { LogPage } from './screens/auditor/log.tsx'
import { Verify } from './screens/auditor/verify.tsx'
import { Earnings } from './screens/creator/earnings.tsx'
import { Models } from './screens/creator/models.tsx'
import { Overview } from './screens/creator/overview.tsx'
import { Subscribers } from './screens/creator/subscribers.tsx'
import { Hub } from './screens/hub/hub.tsx'
import { Keys } from './screens/keys/keys.tsx'
import { Accounts } from './screens/operator/accounts.tsx'
import { Revenue } from './screens/operator/revenue.tsx'
import { Treasury } from './screens/operator/treasury.tsx'
import { Sync } from './screens/sync/sync.tsx'
import { Market } from './screens/user/market.tsx'
import { Usage } from './screens/user/usage.tsx'
import { Wallet } from './screens/user/wallet.tsx'
import { strings } from './strings.ts'

export const SECTIONS = ['creator', 'user', 'operator', 'account', 'auditor'] as const

interface PageInfo {
  readonly id: string
  readonly section: (typeof SECTIONS)[number]
  readonly title: string
  readonly icon: Icon
  readonly roles: readonly Role[]
  readonly screen: ComponentType
  /** For whoever has no account here, too. */
  readonly isOpen?: true
  /** In the navigation of a mirror alone; elsewhere the page says so. */
  readonly isOfMirrors?: true
}

const ALL: readonly Role[] = ['creator', 'user', 'operator']
const PEOPLE: readonly Role[] = ['creator', 'user']

const PAGES: readonly PageInfo[] = [
  {
    id: 'overview',
    section: 'creator',
    title: strings.overview.title,
    icon: IconLayoutDashboard,
    roles: ['creator'],
    screen: Overview,
  },
  { id: 'models', section: 'creator', title: strings.models.title, icon: IconCube, roles: PEOPLE, screen: Models },
  { id: 'earnings', section: 'creator', title: strings.earnings.title, icon: IconCoins, roles: ['creator'], screen: Earnings },
  {
    id: 'subscribers',
    section: 'creator',
    title: strings.subscribers.title,
    icon: IconUsersGroup,
    roles: ['creator'],
    screen: Subscribers,
  },
  { id: 'wallet', section: 'user', title: strings.wallet.title, icon: IconWallet, roles: PEOPLE, screen: Wallet },
  {
    id: 'market',
    section: 'user',
    title: strings.market.title,
    icon: IconBuildingStore,
    roles: PEOPLE,
    screen: Market,
    isOpen: true,
  },
  { id: 'usage', section: 'user', title: strings.usage.title, icon: IconActivity, roles: PEOPLE, screen: Usage },
  {
    id: 'treasury',
    section: 'operator',
    title: strings.treasury.title,
    icon: IconBuildingBank,
    roles: ['operator'],
    screen: Treasury,
  },
  {
    id: 'revenue',
    section: 'operator',
    title: strings.revenue.title,
    icon: IconReportMoney,
    roles: ['operator'],
    screen: Revenue,
  },
  { id: 'accounts', section: 'operator', title: strings.accounts.title, icon: IconUsers, roles: ['operator'], screen: Accounts },
  { id: 'hub', section: 'operator', title: strings.hub.title, icon: IconServer, roles: ['operator'], screen: Hub },
  { id: 'keys', section: 'account', title: strings.keys.title, icon: IconKey, roles: ALL, screen: Keys },
  { id: 'log', section: 'auditor', title: strings.log.title, icon: IconListDetails, roles: ALL, screen: LogPage, isOpen: true },
  {
    id: 'verify',
    section: 'auditor',
    title: strings.verify.title,
    icon: IconShieldCheck,
    roles: ALL,
    screen: Verify,
    isOpen: true,
  },
  {
    id: 'sync',
    section: 'auditor',
    title: strings.sync.title,
    icon: IconRefreshDot,
    roles: ALL,
    screen: Sync,
    isOpen: true,
    isOfMirrors: true,
  },
]

/** The pages of whoever is acting; without an account those that are open to all. */
export function pagesOf({ acting, isNobody, desk }: Pick<Desk, 'acting' | 'isNobody' | 'desk'>): readonly PageInfo[] {
  return PAGES.filter((page) => isOf(page, { acting, isNobody })).filter(
    ({ isOfMirrors }) => isOfMirrors === undefined || desk.kind === 'mirror',
  )
}

/** The page that an address names, if whoever is acting has it. */
export function pageOf(who: Pick<Desk, 'acting' | 'isNobody'>, page: string): PageInfo | undefined {
  return PAGES.find((one) => one.id === page && isOf(one, who))
}

function isOf({ isOpen, roles }: PageInfo, { acting, isNobody }: Pick<Desk, 'acting' | 'isNobody'>): boolean {
  return isNobody ? isOpen === true : roles.includes(acting.role)
}

/** What a person sees first. */
const FIRST: Readonly<Record<Role, string>> = { creator: 'overview', user: 'wallet', operator: 'treasury' }

export function firstPage(role: Role): string {
  return FIRST[role]
}

/** Where somebody begins who has just come: without an account where one is opened, or at the log. */
export function beginning({ acting, isNobody, desk }: Pick<Desk, 'acting' | 'isNobody' | 'desk'>): string {
  if (!isNobody) return firstPage(acting.role)
  return desk.kind === 'mirror' ? 'sync' : 'log'
}
