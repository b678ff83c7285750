/** How credits come into an account: they are paid for outside the ledger, and what the operator needs to know then. */
import { Button, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import { IconCheck, IconCoins, IconCopy } from '@tabler/icons-react'
import type { LocalAccount } from '../../../core/api/views.ts'
import { Raw } from '../../components/text.tsx'
import { nameOf, useDesk } from '../../desk.tsx'
import { go, href } from '../../route.ts'
import { strings } from '../../strings.ts'

/** For whoever has the operator's key, too. */
export function TopUpHere({ operator }: { readonly operator: LocalAccount }) {
  const { acting, act } = useDesk()
  const topUp = () => {
    act(operator.account)
    go(href('treasury', 'topup', { account: acting.account }))
  }
  return (
    <Button leftSection={<IconCoins size={17} />} onClick={topUp} className="no-shrink">
      {strings.wallet.topUp}
    </Button>
  )
}

export function AskForCredits({ close }: { readonly close: () => void }) {
  const { acting, ledger, operator } = useDesk()
  const { wallet: t } = strings
  const request = t.request({ account: acting.account, name: nameOf(acting), origin: ledger.origin })
  return (
    <Modal opened onClose={close} size={560} title={t.getCredits} closeButtonProps={{ 'aria-label': strings.close }}>
      <Stack>
        <Text>{t.getCreditsLead}</Text>
        <Raw label={t.getCredits}>{request}</Raw>
        <Group justify="space-between">
          <CopyButton value={request}>
            {({ copied, copy }) => (
              <Button variant="default" leftSection={copied ? <IconCheck size={17} /> : <IconCopy size={17} />} onClick={copy}>
                {copied ? strings.copied : strings.copy}
              </Button>
            )}
          </CopyButton>
          <Button variant="default" onClick={close} data-autofocus>
            {strings.close}
          </Button>
        </Group>
        {operator !== undefined && (
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm">{t.emptyHere}</Text>
            <TopUpHere operator={operator} />
          </Group>
        )}
      </Stack>
    </Modal>
  )
}
