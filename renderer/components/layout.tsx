/** The pieces that every page is made of: its head, panels, figures, states of emptiness, waiting and failure. */
import {
  Alert,
  Anchor,
  Badge,
  Box,
  Button,
  Group,
  Paper,
  Skeleton,
  Stack,
  Text,
  ThemeIcon,
  Title,
  VisuallyHidden,
} from '@mantine/core'
import { IconAlertTriangle, IconArrowLeft, IconBan, IconCircleCheck, type IconProps, IconRefresh } from '@tabler/icons-react'
import { type ComponentType, type CSSProperties, type ReactNode, useLayoutEffect } from 'react'
import type { DeskState, PreviewRefused } from '../../core/api/views.ts'
import { splitAmount } from '../format.ts'
import { mendOf } from '../mends.ts'
import { beginAtTop, href, useRoute } from '../route.ts'
import { strings } from '../strings.ts'
import { type Failure, failureOf } from '../trpc.ts'
import { Amount, Sentence } from './text.tsx'

export type Icon = ComponentType<IconProps>

interface PageProps {
  readonly title: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  /** The page that this one is a part of. */
  readonly back?: { readonly to: string; readonly title: string }
  readonly children: ReactNode
}

export function Page({ title, lead, actions, back, children }: PageProps) {
  useLayoutEffect(beginAtTop, [])
  return (
    <Stack gap="lg" className="page">
      <Group justify="space-between" align="flex-end" gap="md">
        <div className="page-head">
          {back !== undefined && (
            <Anchor href={back.to} size="sm" className="back">
              <IconArrowLeft size={15} aria-hidden="true" /> {back.title}
            </Anchor>
          )}
          <Title order={1} fz={22} lh={1.25} tabIndex={-1} id="page-title">
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" component="div">
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

interface PanelProps {
  readonly title?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
  /** The content goes to the edges, as tables do. */
  readonly flush?: boolean
  readonly className?: string
}

export function Panel({ title, aside, children, flush = false, className = '' }: PanelProps) {
  return (
    <Paper withBorder radius="lg" className={`panel ${className}`} component="section">
      {title !== undefined && (
        <Group justify="space-between" className="panel-head" wrap="nowrap">
          <Title order={2} fz="sm" fw={600}>
            {title}
          </Title>
          {aside !== undefined && (
            <Text component="div" size="xs" c="dimmed">
              {aside}
            </Text>
          )}
        </Group>
      )}
      <Box className={flush ? 'panel-flush' : 'panel-body'}>{children}</Box>
    </Paper>
  )
}

/** A panel without anything to show yet but a sentence. */
export function BlankPanel({ title, children }: Pick<PanelProps, 'title' | 'children'>) {
  return (
    <Panel title={title} className="fill">
      <Text size="sm" c="dimmed">
        {children}
      </Text>
    </Panel>
  )
}

interface FigureProps {
  readonly label: string
  /** An amount of credits. */
  readonly amount?: string
  readonly children?: ReactNode
  readonly note?: ReactNode
  readonly tone?: 'accent' | 'warn'
}

/** One figure, large. */
export function Figure({ label, amount, children, note, tone }: FigureProps) {
  return (
    <Paper withBorder radius="lg" className="panel figure" data-tone={tone}>
      <Text size="xs" c="dimmed" fw={550}>
        {label}
      </Text>
      <div className="figure-value" style={amount === undefined ? {} : charactersOf(amount)}>
        {amount === undefined ? children : <Amount value={amount} />}
      </div>
      {note !== undefined && (
        <Text size="xs" c="dimmed" component="div" className="figure-note">
          {note}
        </Text>
      )}
    </Paper>
  )
}

/** A long amount is written smaller, and its decimals go below it, rather than that anything of it is cut off. */
function charactersOf(amount: string): CSSProperties {
  const { sign, whole } = splitAmount(amount)
  return { '--characters': sign.length + whole.length } as CSSProperties
}

export function Figures({ children }: { readonly children: ReactNode }) {
  return <div className="figures">{children}</div>
}

type Tone = 'accent' | 'quiet' | 'warn' | 'bad'

export function Tag({ tone = 'quiet', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return (
    <Badge className="tag" data-tone={tone} variant="light" radius="sm" size="sm">
      {children}
    </Badge>
  )
}

interface EmptyProps {
  readonly icon: Icon
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

/** Nothing is here yet: why, and what to do next. */
export function Empty({ icon: Shape, title, children, action }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" className="empty">
      <ThemeIcon variant="light" size={44} radius="xl" aria-hidden="true">
        <Shape size={22} stroke={1.6} />
      </ThemeIcon>
      <Text fw={600} size="md">
        {title}
      </Text>
      {children !== undefined && (
        <Text c="dimmed" maw={460} ta="center" component="div">
          {children}
        </Text>
      )}
      {action !== undefined && <Box mt="xs">{action}</Box>}
    </Stack>
  )
}

/** Asked again, the same question would fail again. */
const LASTING: readonly Failure['code'][] = ['missing', 'usage']

/** A call failed: in words, with the code. */
export function FailureNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const failure = failureOf(error)
  const isLasting = LASTING.includes(failure.code)
  return <Failed failure={failure} title={strings.failures.title} {...(retry && !isLasting && { retry })} />
}

/** Why making what the folder is to have failed, whoever asked for it. */
export function LastFailure({ desk: { failure } }: { readonly desk: DeskState }) {
  return failure !== undefined && <Failed failure={failure} title={strings.failures.title} />
}

interface FailedProps {
  readonly failure: Failure
  readonly title: string
  readonly tone?: 'bad' | 'warn'
  readonly retry?: () => void
}

/** What went wrong, and what can be done. */
export function Failed({ failure: { code, message }, title, tone = 'bad', retry }: FailedProps) {
  return (
    <Alert role="alert" className="notice" data-tone={tone} icon={<IconAlertTriangle size={18} />} title={title}>
      <Stack gap="xs" align="flex-start">
        <Text component="div" className="message">
          <bdi>{message}</bdi> <span className="code-word">{code}</span>
        </Text>
        {retry !== undefined && (
          <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} onClick={retry}>
            {strings.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

/** What is asked for is had already: no trouble, and what follows a purchase at once. */
const HAD: readonly PreviewRefused['code'][] = ['already_subscribed', 'already_owned']

/** The ledger refuses, or would: the sentence, the code, and what would help. */
export function RefusalNotice({ refusal }: { readonly refusal: PreviewRefused }) {
  const advice = strings.advice[refusal.code]
  const { page } = useRoute()
  const mend = mendOf(refusal)
  const isHad = HAD.includes(refusal.code)
  return (
    <Alert
      className="notice"
      data-tone={isHad ? 'quiet' : 'warn'}
      role="alert"
      icon={isHad ? <IconCircleCheck size={18} /> : <IconBan size={18} />}
      title={isHad ? strings.sign.hadTitle : strings.sign.refusedTitle}
    >
      <Stack gap={6} align="flex-start">
        <Text component="div">
          <Sentence text={refusal.message} names={refusal.draft?.names ?? {}} /> <span className="code-word">{refusal.code}</span>
        </Text>
        {advice !== undefined && (
          <Text component="div" size="sm">
            {advice}{' '}
            {mend !== undefined && mend.to !== href(page) && (
              <Anchor href={mend.to} inherit>
                {mend.label}
              </Anchor>
            )}
          </Text>
        )}
      </Stack>
    </Alert>
  )
}

interface AnswerProps<Data> {
  readonly query: { readonly data: Data | undefined; readonly error: unknown; refetch(): unknown }
  readonly children: (data: Data) => ReactNode
  readonly lines?: number
  /** What is awaited is a page of figures and panels: the place that they will take is kept. */
  readonly isPage?: true
}

/** Of the lines that stand for what is awaited, in per cent. */
const WIDTHS = [92, 84, 76, 88, 70, 80, 64, 72]

/** What a query answers, once it has; a quiet place for it before. */
export function Answered<Data>({ query, children, lines = 3, isPage }: AnswerProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) return <FailureNotice error={query.error} retry={() => void query.refetch()} />
  return isPage ? <PageToCome /> : <LinesToCome lines={lines} />
}

function LinesToCome({ lines }: { readonly lines: number }) {
  return (
    <Stack gap="sm" className="waiting" aria-busy="true">
      <VisuallyHidden>{strings.loading}</VisuallyHidden>
      {WIDTHS.slice(0, lines).map((width) => (
        <Skeleton key={width} height={18} width={`${width}%`} radius="sm" />
      ))}
    </Stack>
  )
}

const FIGURES_TO_COME = [1, 2, 3, 4]

function PageToCome() {
  return (
    <Stack gap="lg" aria-busy="true">
      <VisuallyHidden>{strings.loading}</VisuallyHidden>
      <Figures>
        {FIGURES_TO_COME.map((figure) => (
          <Skeleton key={figure} className="figure-to-come" radius="lg" />
        ))}
      </Figures>
      <Skeleton height={320} radius="lg" />
    </Stack>
  )
}

/** Names and what they stand for, in two columns. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode] | undefined)[] }) {
  return (
    <dl className="facts">
      {rows
        .filter((row) => row !== undefined)
        .map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
