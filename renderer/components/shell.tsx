/** The console around every page: navigation, who is acting, whether the log is live, the command palette. */
import {
  Anchor,
  AppShell,
  Badge,
  Burger,
  Button,
  Group,
  Kbd,
  Menu,
  NavLink,
  Stack,
  Text,
  Tooltip,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import {
  IconBuildingBank,
  IconCheck,
  IconLock,
  IconPlus,
  IconRestore,
  IconSearch,
  IconSelector,
  IconUserPlus,
} from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import type { LocalAccount } from '../../core/api/views.ts'
import { nameOf, useDesk } from '../desk.tsx'
import { shortId } from '../format.ts'
import { useLive } from '../live.tsx'
import { isLow, useAlert, useLowBalanceNews, whyLow } from '../low-balance.tsx'
import { beginning, firstPage, pageOf, pagesOf, SECTIONS } from '../pages.tsx'
import { go, href, useRoute } from '../route.ts'
import { strings } from '../strings.ts'
import { useSync, waitingIn } from '../sync.tsx'
import { useTRPC } from '../trpc.ts'
import { BringKeys } from './bring-keys.tsx'
import { ColorSchemeMenu } from './color-scheme.tsx'
import { CommandPalette } from './command-palette.tsx'
import { Page, Tag } from './layout.tsx'
import { Logo } from './logo.tsx'
import { NewAccount } from './new-account.tsx'
import { usePresence } from './presence.ts'
import { Standing } from './standing.tsx'
import { Copy, Foreign } from './text.tsx'

/** As wide as a telephone: the navigation covers the page while it is open, and is away otherwise. */
const NARROW = '(max-width: 47.99em)'

const IS_MAC = /Mac/.test(navigator.userAgent)

export function Shell() {
  const who = useDesk()
  const { acting, ledger, desk } = who
  const { page } = useRoute()
  const shown = pageOf(who, page)
  const first = beginning(who)
  const [isNaming, naming] = useDisclosure(false)
  const [isBringing, bringing] = useDisclosure(false)
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const isAway = (useMediaQuery(NARROW, false, { getInitialValueInEffect: false }) ?? false) && !isOpen
  usePresence(desk.lockAfterMinutes > 0)
  useTitle(shown?.title, ledger.name)
  useLowBalanceNews()
  useEffect(() => {
    if (page === '') go(href(first), { replace: true })
    close()
  }, [page, first, close])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever begins to act is shown their page.
  useEffect(close, [acting.account])
  const Screen = shown?.screen
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={0}
      layout="alt"
    >
      <Anchor href="#page" className="skip" onClick={skipToPage}>
        {strings.skip}
      </Anchor>
      <AppShell.Navbar aria-label={strings.shell.navigation} className="navbar" inert={isAway}>
        <Group gap={10} wrap="nowrap" className="brand">
          <Logo />
          <div className="brand-text">
            <Text fw={620} fz="md" lh={1.2} truncate>
              <Foreign>{ledger.name}</Foreign>
            </Text>
            <Text size="xs" c="dimmed" lh={1.2} truncate title={ledger.origin}>
              {ledger.origin}
            </Text>
          </div>
          <Burger opened onClick={toggle} size="sm" hiddenFrom="sm" aria-label={strings.shell.closeNavigation} />
        </Group>
        <Navigation page={page} chosen={close} />
        <Account newAccount={naming.open} bringKeys={bringing.open} />
      </AppShell.Navbar>
      <Header openNavigation={toggle} />
      <AppShell.Main className="main" id="page">
        <Standing />
        {Screen !== undefined && <Screen key={acting.account} />}
        {Screen === undefined && page !== '' && <NotFound first={first} />}
      </AppShell.Main>
      <CommandPalette newAccount={naming.open} bringKeys={bringing.open} />
      {isNaming && <NewAccount close={naming.close} />}
      {isBringing && <BringKeys close={bringing.close} />}
    </AppShell>
  )
}

/** Nothing is here for whoever is acting: the way on is to where they begin. */
function NotFound({ first }: { readonly first: string }) {
  const who = useDesk()
  const { shell: t } = strings
  return (
    <Page title={t.notFound} lead={t.notFoundLead}>
      <div>
        <Button component="a" variant="default" href={href(first)}>
          {strings.goTo(pageOf(who, first)?.title ?? first)}
        </Button>
      </div>
    </Page>
  )
}

function Header({ openNavigation }: { readonly openNavigation: () => void }) {
  const { desk } = useDesk()
  return (
    <AppShell.Header className="header">
      <Burger onClick={openNavigation} size="sm" hiddenFrom="sm" aria-label={strings.shell.openNavigation} />
      <UnstyledButton className="search" onClick={spotlight.open} aria-keyshortcuts={IS_MAC ? 'Meta+K' : 'Control+K'}>
        <IconSearch size={15} aria-hidden="true" />
        <span className="search-text">{strings.shell.search}</span>
        <span className="search-keys" aria-hidden="true">
          <Kbd size="xs">{IS_MAC ? '⌘' : 'Ctrl'}</Kbd> <Kbd size="xs">K</Kbd>
        </span>
      </UnstyledButton>
      <Group gap="sm" wrap="nowrap">
        {desk.isDemo && (
          <Badge variant="light" radius="sm" className="tag" data-tone="accent" visibleFrom="sm">
            {strings.shell.demo}
          </Badge>
        )}
        <LiveIndicator />
        <ColorSchemeMenu />
      </Group>
    </AppShell.Header>
  )
}

function skipToPage(event: { preventDefault(): void }): void {
  event.preventDefault()
  document.getElementById('page-title')?.focus()
}

function useTitle(page: string | undefined, ledger: string): void {
  useEffect(() => {
    document.title = page === undefined ? strings.product : `${page} · ${ledger}`
  }, [page, ledger])
}

function Navigation({ page, chosen }: { readonly page: string; readonly chosen: () => void }) {
  const pages = pagesOf(useDesk())
  const sections = SECTIONS.filter((section) => pages.some((one) => one.section === section))
  return (
    <div className="nav">
      {sections.map((section) => (
        <Stack key={section} gap={2} component="ul" aria-label={strings.shell.sections[section]} className="nav-section">
          {pages
            .filter((one) => one.section === section)
            .map(({ id, title, icon: Shape }) => (
              <li key={id}>
                <NavLink
                  href={href(id)}
                  onClick={chosen}
                  label={title}
                  active={id === page}
                  aria-current={id === page ? 'page' : undefined}
                  leftSection={<Shape size={17} stroke={1.7} />}
                  rightSection={id === 'sync' ? <WaitingCount /> : id === 'wallet' && <LowBalance />}
                  className="nav-link"
                />
              </li>
            ))}
        </Stack>
      ))}
    </div>
  )
}

/** Who is acting, and everybody else whose key is here. */
function Account({ newAccount, bringKeys }: { readonly newAccount: () => void; readonly bringKeys: () => void }) {
  const { acting, accounts, act, isNobody } = useDesk()
  const [name, role] = isNobody
    ? [strings.shell.nobody, strings.shell.nobodyHint]
    : [<Foreign key="name">{nameOf(acting)}</Foreign>, strings.roles[acting.role]]
  const trpc = useTRPC()
  const lock = useMutation(trpc.desk.lock.mutationOptions())
  const become = ({ account, role }: LocalAccount) => {
    act(account)
    go(href(firstPage(role)))
  }
  return (
    <div className="account">
      <Menu position="top-start" width={264} shadow="md">
        <Menu.Target>
          <UnstyledButton className="account-button">
            <VisuallyHidden>{strings.shell.account}: </VisuallyHidden>
            {isNobody ? <IconUserPlus size={18} stroke={1.7} aria-hidden="true" /> : <Face account={acting} />}
            <span className="account-text">
              <Text span fw={550} size="sm" lh={1.25} truncate display="block">
                {name}
              </Text>
              <Text span size="xs" c="dimmed" lh={1.25} display="block">
                {role}
              </Text>
            </span>
            <IconSelector size={15} aria-hidden="true" />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {!isNobody && <Menu.Label>{strings.shell.switchTo}</Menu.Label>}
          <div className="account-list">
            {accounts.map((one) => (
              <Menu.Item
                key={one.account}
                onClick={() => become(one)}
                leftSection={<Face account={one} />}
                rightSection={one.account === acting.account ? <IconCheck size={15} aria-hidden="true" /> : null}
              >
                <Foreign>{nameOf(one)}</Foreign>
                <Text span size="xs" c="dimmed" display="block">
                  {strings.roles[one.role]} · <span className="mono">{shortId(one.account)}</span>
                </Text>
              </Menu.Item>
            ))}
          </div>
          {!isNobody && <Menu.Divider />}
          <Menu.Item leftSection={<IconPlus size={16} />} onClick={newAccount}>
            {strings.shell.newAccount}
          </Menu.Item>
          <Menu.Item leftSection={<IconRestore size={16} />} onClick={bringKeys}>
            {strings.bring.title}
          </Menu.Item>
          <Menu.Item leftSection={<IconLock size={16} />} onClick={() => lock.mutate()}>
            {strings.shell.lock}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {!isNobody && <Copy value={acting.account} label={strings.shell.copyId} />}
    </div>
  )
}

/** The first letter of a name, or the bank for the operator. */
function Face({ account }: { readonly account: LocalAccount }): ReactNode {
  const [letter = '?'] = nameOf(account)
  return (
    <span className="face" data-role={account.role} aria-hidden="true">
      {account.role === 'operator' ? <IconBuildingBank size={15} stroke={1.8} /> : letter.toUpperCase()}
    </span>
  )
}

/** That the balance is low, with why. */
function LowBalance() {
  const alert = useAlert()
  if (alert === undefined || !isLow(alert)) return null
  const { title, tag } = strings.lowBalance
  return (
    <Tooltip label={whyLow(alert).join(' ')} multiline maw={280}>
      <span>
        <Tag tone="warn">
          <span aria-hidden="true">{tag}</span>
          <VisuallyHidden>{title}</VisuallyHidden>
        </Tag>
      </span>
    </Tooltip>
  )
}

/** How many notes are on their way to the hub. */
function WaitingCount() {
  const sync = useSync()
  const waiting = sync === undefined ? 0 : waitingIn(sync)
  return (
    waiting > 0 && (
      <Tag tone="accent">
        <span aria-hidden="true">{waiting}</span>
        <VisuallyHidden>{strings.shell.waiting(waiting)}</VisuallyHidden>
      </Tag>
    )
  )
}

/** The size of the log, as it grows; of a mirror also whether it follows its hub. */
function LiveIndicator() {
  const { size, isConnected } = useLive()
  const sync = useSync()
  const link = sync?.link.status ?? 'following'
  const isLive = isConnected && (link === 'following' || link === 'elsewhere')
  const { ledger } = useDesk()
  const isStill = useMediaQuery('(prefers-reduced-motion: reduce)')
  const before = useRef(size)
  const hasGrown = size > before.current
  useEffect(() => {
    before.current = size
  }, [size])
  return (
    <Tooltip label={strings.shell.liveHint(ledger.origin)} multiline maw={280}>
      <a className="live" href={href(isLive || sync === undefined ? 'log' : 'sync')} data-connected={isLive || undefined}>
        <span className="live-dot" key={isStill ? 0 : size} data-grown={hasGrown || undefined} aria-hidden="true" />
        <span className="live-size">{strings.shell.entries(size)}</span>
        <span className="dimmed">{isConnected ? strings.sync.brief[link] : strings.shell.cut}</span>
      </a>
    </Tooltip>
  )
}
