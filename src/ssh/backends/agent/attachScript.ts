import { EXIT_NOT_RUNNING } from '../../../agentProtocol/errors';
import { shellQuote } from '../../../base/shell';
import { PERL_COPY } from '../relays';

/** Joins stdin and stdout with the Unix socket at its argument until either side ends: `agent attach` in small. */
const PERL = `
use Socket;
$SIG{PIPE} = "IGNORE";
socket(my $agent, PF_UNIX, SOCK_STREAM, 0) or die "$!\\n";
connect($agent, pack_sockaddr_un($ARGV[0])) or exit ${EXIT_NOT_RUNNING};
${PERL_COPY}
defined(my $child = fork) or die "$!\\n";
if (!$child) { copy(*STDIN, $agent); shutdown $agent, 2; exit 0 }
copy($agent, *STDOUT);
kill 9, $child;
`;

/**
 * Defines `attach DIR` for a POSIX shell, which becomes a carrier to the agent of that folder. By perl where there is
 * one, as in every image of Debian's family: it starts in a tenth of Node's time, and takes a sixth of its memory.
 */
export const ATTACH_FUNCTION = `
attach() {
  if command -v perl >/dev/null 2>&1; then exec perl -e ${shellQuote(PERL)} "$1/agent.sock"; fi
  exec "$1/node" "$1/agent.js" attach --dir "$1"
}
`;
