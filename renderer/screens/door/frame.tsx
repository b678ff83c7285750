/** What a person meets before there is a ledger to look at. */
import { Group, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { ColorSchemeMenu } from '../../components/color-scheme.tsx'
import { Logo } from '../../components/logo.tsx'
import { strings } from '../../strings.ts'

interface FrameProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly children: ReactNode
  readonly isNarrow?: boolean
}

export function Frame({ title, lead, children, isNarrow = false }: FrameProps) {
  return (
    <div className="door">
      <Group component="header" justify="space-between" className="door-head">
        <Group gap={10}>
          <Logo />
          <Text fw={620}>{strings.product}</Text>
        </Group>
        <ColorSchemeMenu />
      </Group>
      <main className="door-main" data-narrow={isNarrow || undefined}>
        <Stack gap={6} mb="xl">
          <Title order={1} className="door-title">
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" fz="lg" component="div" maw={620}>
              {lead}
            </Text>
          )}
        </Stack>
        {children}
      </main>
    </div>
  )
}
