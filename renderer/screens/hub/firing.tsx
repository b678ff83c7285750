/** The alerts that fire: what is wrong, since when, and what to do. */
import { Alert, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconBellRinging } from '@tabler/icons-react'
import type { HubAlert } from '../../../core/api/views.ts'
import { When } from '../../components/text.tsx'
import { strings } from '../../strings.ts'

export function Firing({ alerts }: { readonly alerts: readonly HubAlert[] }) {
  return alerts.map((alert) => <OneAlert key={alert.name} alert={alert} />)
}

function OneAlert({ alert: { name, severity, since, value } }: { readonly alert: HubAlert }) {
  const { hub: t } = strings
  const known = Object.hasOwn(t.alerts, name) ? t.alerts[name] : undefined
  const isUrgent = severity === 'page'
  const Shape = isUrgent ? IconBellRinging : IconAlertTriangle
  return (
    <Alert
      role="alert"
      className="notice"
      data-tone={isUrgent ? 'bad' : 'warn'}
      icon={<Shape size={18} />}
      title={known === undefined ? <bdi>{t.otherAlert(name)}</bdi> : known.title(value)}
    >
      <Stack gap={4}>
        <Text component="div">{known?.advice ?? t.otherAdvice}</Text>
        <Text component="div" size="xs">
          {t.since} <When time={since} /> · <span className="code-word">{name}</span>
        </Text>
      </Stack>
    </Alert>
  )
}
