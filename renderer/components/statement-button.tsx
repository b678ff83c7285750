/** An account's statement over a period, as a file: on paper, or for a spreadsheet. */
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFileText } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk.tsx'
import { PERIODS, type StatementPeriod, statementTimes } from '../periods.ts'
import { saveFile } from '../save-file.ts'
import { strings } from '../strings.ts'
import { useTRPCClient } from '../trpc.ts'
import { FailureNotice } from './layout.tsx'

const FORMATS = ['pdf', 'csv'] as const

export function StatementButton() {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" leftSection={<IconFileText size={17} />} onClick={open}>
        {strings.statement.title}
      </Button>
      {isOpen && <StatementDialog close={close} />}
    </>
  )
}

function StatementDialog({ close }: { readonly close: () => void }) {
  const { acting, ledger } = useDesk()
  const client = useTRPCClient()
  const [period, setPeriod] = useState<StatementPeriod>('all')
  const { statement: t } = strings
  const download = useMutation({
    mutationFn: async (format: (typeof FORMATS)[number]) => {
      const times = statementTimes(period, ledger.time)
      const { bytes } = await client.wallet.statement.query({ account: acting.account, format, ...times })
      saveFile(`statement-${period}.${format}`, bytes)
    },
    onSuccess: close,
  })
  return (
    <Modal opened onClose={close} title={t.title} closeButtonProps={{ 'aria-label': strings.close }}>
      <Stack>
        <Text c="dimmed">{t.lead}</Text>
        <Select
          label={t.period}
          value={period}
          allowDeselect={false}
          onChange={(chosen) => chosen !== null && setPeriod(chosen)}
          data={PERIODS.map((value) => ({ value, label: t.periods[value] }))}
          data-autofocus
        />
        {download.error !== null && <FailureNotice error={download.error} />}
        <Group justify="flex-end" gap="xs">
          {FORMATS.map((format) => (
            <Button
              key={format}
              variant={format === 'pdf' ? 'filled' : 'default'}
              loading={download.isPending && download.variables === format}
              disabled={download.isPending}
              onClick={() => download.mutate(format)}
            >
              {t.formats[format]}
            </Button>
          ))}
        </Group>
      </Stack>
    </Modal>
  )
}
