/** The folder has the ledger itself: nothing is followed, and others may follow it. */
import { Stack, Text } from '@mantine/core'
import { Fingerprint } from '../../components/fingerprint.tsx'
import { Facts, Page, Panel } from '../../components/layout.tsx'
import { CommandText, Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { strings } from '../../strings.ts'

export function OwnLedger() {
  const { desk, ledger } = useDesk()
  const { sync: t } = strings
  return (
    <Page title={t.title} lead={t.own.lead}>
      <Panel title={t.own.title}>
        <Stack gap="md">
          <Text maw={720}>{t.own.text}</Text>
          <Facts
            rows={[
              [t.origin, <bdi key="origin">{ledger.origin}</bdi>],
              [t.key, <Id key="key" value={ledger.vkey} full />],
              [t.fingerprint, <Fingerprint key="fingerprint" vkey={ledger.vkey} />],
              [t.own.command, <CommandText key="command">{`nimledger hub --dir ${desk.dir}`}</CommandText>],
            ]}
          />
        </Stack>
      </Panel>
    </Page>
  )
}
