#!/usr/bin/env bash
# The configurations that docs/hub offers, tried: a hub behind nginx and behind Caddy, with a certificate of its own making, on ports of this
# machine. What is changed in them for that is names, ports and certificates, nothing else. Needs nginx, caddy, openssl and curl.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in nginx caddy openssl curl; do
  command -v "$program" >/dev/null || { echo "test/tls needs $program: apt-get install nginx-light caddy openssl curl" >&2; exit 2; }
done

scratch=$(mktemp -d)
started=()
finish() {
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  wait 2>/dev/null
  rm -rf "$scratch"
}
trap finish EXIT
# The workers of nginx are of another user.
chmod 755 "$scratch"

export NIMLEDGER_PASSPHRASE='open sesame' NODE_EXTRA_CA_CERTS=$scratch/cert.pem
hub_port=14747 https_port=14443 http_port=14080
ledger() { node core/bin/launch.cjs core/bin/cli.ts --json --dir "$scratch/ledger" "$@"; }
field() { node -e 'process.stdout.write(String(JSON.parse(require("fs").readFileSync(0, "utf8"))[process.argv[1]]))' "$1"; }
fail() { echo "FAILED: $*" >&2; tail -n 5 "$scratch"/*.log >&2; exit 1; }
# until SECONDS COMMAND...: tries again until it succeeds.
until_so() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

ended() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>"$scratch/openssl.log"
vkey=$(ledger init --origin hub.example/credits | field vkey)
ledger account new Ada >"$scratch/ada.json"

start_hub() {
  # Without the launcher, so that it is the hub that is told to end.
  "$node" core/bin/cli.ts --json --dir "$scratch/ledger" hub --listen 127.0.0.1:$hub_port --names localhost --proxies 127.0.0.1 \
    --log-level debug >"$scratch/hub.json" 2>>"$scratch/hub.log" &
  hub=$!
  started+=("$hub")
  until_so 30 grep -q listening "$scratch/hub.json" || fail 'the hub does not start'
}
node=$(node core/bin/launch.cjs -p process.execPath)

start_nginx() {
  sed -e 's/hub\.example/localhost/g' -e "s/127\.0\.0\.1:4747/127.0.0.1:$hub_port/" -e '/\[::\]/d' \
    -e "s/listen 443/listen 127.0.0.1:$https_port/" -e "s/listen 80/listen 127.0.0.1:$http_port/" \
    -e "s#ssl_certificate .*#ssl_certificate $scratch/cert.pem;#" -e "s#ssl_certificate_key .*#ssl_certificate_key $scratch/key.pem;#" \
    docs/hub/nginx.conf >"$scratch/site.conf"
  mkdir -p "$scratch/nginx"
  cat >"$scratch/nginx.conf" <<END
pid $scratch/nginx.pid;
error_log $scratch/nginx.log warn;
events {}
http {
  access_log off;
  client_body_temp_path $scratch/nginx/body;
  proxy_temp_path $scratch/nginx/proxy;
  fastcgi_temp_path $scratch/nginx/fastcgi;
  uwsgi_temp_path $scratch/nginx/uwsgi;
  scgi_temp_path $scratch/nginx/scgi;
  include $scratch/site.conf;
}
END
  nginx -t -q -c "$scratch/nginx.conf" -e "$scratch/nginx.log" || fail 'nginx does not take its configuration'
  nginx -c "$scratch/nginx.conf" -e "$scratch/nginx.log" -g 'daemon off;' &
  proxy=$!
}

start_caddy() {
  {
    printf '{\n\tadmin off\n\thttp_port %s\n\thttps_port %s\n\tdefault_bind 127.0.0.1\n}\n' "$http_port" "$https_port"
    sed -e "s/^hub\.example {/localhost {\n\ttls $(sed 's#/#\\/#g' <<<"$scratch")\/cert.pem $(sed 's#/#\\/#g' <<<"$scratch")\/key.pem/" \
      -e "s/127\.0\.0\.1:4747/127.0.0.1:$hub_port/" docs/hub/Caddyfile
  } >"$scratch/Caddyfile"
  HOME=$scratch XDG_DATA_HOME=$scratch caddy validate --adapter caddyfile --config "$scratch/Caddyfile" >"$scratch/caddy.log" 2>&1 ||
    fail 'Caddy does not take its configuration'
  HOME=$scratch XDG_DATA_HOME=$scratch caddy run --adapter caddyfile --config "$scratch/Caddyfile" >>"$scratch/caddy.log" 2>&1 &
  proxy=$!
}

url=https://localhost:$https_port
ask() { curl -sS --cacert "$scratch/cert.pem" --max-time 20 "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }

# A signed note as the body of a submission.
submission() {
  ledger tx sign model.create --as Ada --body "$(printf '{"name":"m","base":"b","artifact":"%064d","description":"%s"}' 0 "$1")" -o "$scratch/note" \
    >/dev/null
  printf '{"note":"%s"}' "$(base64 -w 0 "$scratch/note")" >"$scratch/submission"
  rm "$scratch/note"
}

check_proxy() {
  local name=$1 size before
  started+=("$proxy")
  until_so 20 ask -o /dev/null "$url/healthz" 2>/dev/null || fail "$name does not answer"
  [ "$(ask "$url/checkpoint" | head -n 1)" = hub.example/credits ] || fail "$name does not serve the checkpoint"
  size=$(ask "$url/checkpoint" | sed -n 2p)
  ask -D "$scratch/head" -o "$scratch/bundle" -H 'Accept-Encoding: gzip' "$url/tile/entries/000.p/$size"
  grep -qi '^content-encoding: gzip' "$scratch/head" && gunzip <"$scratch/bundle" >/dev/null || fail "$name does not pass on gzip"
  grep -qi '^cache-control: .*immutable' "$scratch/head" || fail "$name loses Cache-Control"
  grep -qi '^strict-transport-security:' "$scratch/head" || fail "$name sends no Strict-Transport-Security"
  [ "$(status "$url/metrics")" = 404 ] || fail "$name shows the metrics to everybody"
  case $(curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' "http://localhost:$http_port/checkpoint") in
    30[18]" https://localhost"*) ;;
    *) fail "$name does not lead to https" ;;
  esac

  # Events come while the stream goes on, not when a buffer is full.
  ask -N "$url/trpc/log.sizes?input=%7B%7D" >"$scratch/events" 2>/dev/null &
  local watching=$!
  until_so 10 grep -q "\"size\":$size" "$scratch/events" || fail "$name holds events back: $(head -c 300 "$scratch/events")"
  submission "$name"
  ask -H 'Content-Type: application/json' --data-binary "@$scratch/submission" "$url/trpc/transaction.submit" >"$scratch/answer"
  grep -q '"status":"accepted"' "$scratch/answer" || fail "$name does not pass on a submission: $(cat "$scratch/answer")"
  until_so 5 grep -q "\"size\":$((size + 1))" "$scratch/events" || fail "$name holds events back"
  kill "$watching"

  # A call of 8 MiB gets through to the hub, which refuses it for what it says; a larger one does not.
  head -c $((8 * 1024 * 1024 - 1024)) /dev/zero | tr '\0' 'x' >"$scratch/long"
  [ "$(status -H 'Content-Type: application/json' --data-binary "@$scratch/long" "$url/trpc/transaction.submit")" = 400 ] ||
    fail "$name does not let a long call through"
  cat "$scratch/long" "$scratch/long" >"$scratch/longer"
  # The hub refuses it at its head; a proxy that is still sending then may say so, or may only find the connection closed.
  case $(status -H 'Content-Type: application/json' --data-binary "@$scratch/longer" "$url/trpc/transaction.submit" 2>/dev/null || true) in
    413 | 502 | 000) ;;
    *) fail "$name lets too long a call through" ;;
  esac

  # Whoever asks is counted under the address that the proxy saw.
  before=$(wc -l <"$scratch/hub.log")
  ask -o /dev/null -H 'X-Forwarded-For: 203.0.113.7' "$url/checkpoint"
  tail -n +"$((before + 1))" "$scratch/hub.log" | grep -q '203\.0\.113\.7' && fail "$name lets callers choose their address"

  node core/bin/launch.cjs core/bin/cli.ts --json verify "$url" --vkey "$vkey" | grep -q '"ok":true' || fail "$name: verify"
  node core/bin/launch.cjs core/bin/cli.ts --json --dir "$scratch/mirror-$name" sync --hub "$url" --vkey "$vkey" >"$scratch/synced"
  [ "$(field size <"$scratch/synced")" = $((size + 1)) ] || fail "$name: sync"

  # A hub that is started again is found again.
  kill -TERM "$hub"
  until_so 10 ended "$hub" || fail 'the hub does not end when it is told to'
  wait "$hub" || fail "the hub ended with $?"
  case $(status "$url/checkpoint") in 50[234]) ;; *) fail "$name answers for a hub that is down" ;; esac
  start_hub
  until_so 15 ask -f -o /dev/null "$url/checkpoint" 2>/dev/null || fail "$name does not find the hub again"

  kill "$proxy"
  wait "$proxy" || true
  echo "ok       a hub behind $name: log, gzip, submissions, events, limits, restart"
}

start_hub
start_nginx
check_proxy nginx
start_caddy
check_proxy caddy
