/**
 * Runs its arguments in a pseudo-terminal of its own, with the terminal's input and output on stdin and stdout, and
 * ends as the command does, signals included. Python 3.5 and newer; nothing but its standard library.
 *
 * Descriptor 3 is a socket. On it come the terminal's columns and rows (16 bits each, big-endian), the length of the
 * command's environment (32 bits) and that, NUL between its entries; then four bytes for each change of size. Back
 * goes the command's process id and a line break. The environment comes this way because Python changes its own where
 * the locale is C (PEP 538).
 *
 * The end of its input hangs the terminal up, as does the end of the socket.
 */
export const PYTHON_PROGRAM = `
import errno, fcntl, os, resource, select, signal, struct, sys, termios

INPUT, OUTPUT, CONTROL = 0, 1, 3
CHUNK = 65536

def receive(count):
    data = b''
    while len(data) < count:
        part = os.read(CONTROL, count - len(data))
        if not part:
            sys.exit(1)
        data += part
    return data

def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

def become(argv, columns, rows, environment):
    try:
        resize(0, columns, rows)
        # Python ignores these two, and what is ignored stays so.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.set_inheritable(CONTROL, False)
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        os.write(2, ('%s: %s\\r\\n' % (argv[0], error.strerror)).encode('utf-8', 'replace'))
        os._exit(127 if error.errno == errno.ENOENT else 126)

def read_some(descriptor):
    try:
        return os.read(descriptor, CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b''

def write_some(descriptor, data):
    try:
        return data[os.write(descriptor, data):]
    except BlockingIOError:
        return data

def relay(pid, terminal, children):
    """Until the command has ended and its output is out. Gives the command's status.

    As sshd, it does not wait for more of what the command has left running, which may hold the terminal: the kernel
    hands over all that was written before.
    """
    to_command = to_reader = sizes = b''
    # Whether the terminal is held open, and whether more output can come of it.
    takes_input = is_open = gives_output = True
    status = None
    while status is None or gives_output or to_reader:
        reading, writing = [CONTROL], []
        if status is None: reading.append(children)
        if takes_input and not to_command: reading.append(INPUT)
        if gives_output and not to_reader: reading.append(terminal)
        if is_open and to_command: writing.append(terminal)
        if to_reader: writing.append(OUTPUT)
        patience = 0 if status is not None and not to_reader else None
        readable, writable, _ = select.select(reading, writing, [], patience)
        if not readable and not writable:
            break
        if children in readable:
            os.read(children, CHUNK)
            ended, how = os.waitpid(pid, os.WNOHANG)
            if ended: status = how
        hangs_up = False
        if CONTROL in readable:
            more = read_some(CONTROL)
            if more == b'':
                return 0
            sizes += more or b''
            whole = len(sizes) // 4 * 4
            if whole and is_open:
                resize(terminal, *struct.unpack('>HH', sizes[whole - 4:whole]))
            sizes = sizes[whole:]
        if INPUT in readable:
            data = read_some(INPUT)
            if data == b'': hangs_up = True
            elif is_open: to_command = data or b''
        if terminal in writable:
            try:
                to_command = write_some(terminal, to_command)
            except OSError:
                to_command = b''
        if terminal in readable:
            data = read_some(terminal)
            # EIO: nobody has the other end open any more. To close ours would hang up a command that runs on.
            if data == b'': gives_output = False
            to_reader = data or b''
        if OUTPUT in writable:
            try:
                to_reader = write_some(OUTPUT, to_reader)
            except OSError:
                to_reader = b''
        if hangs_up:
            takes_input = is_open = gives_output = False
            to_command = b''
            os.close(terminal)
    return status

def end_as(status):
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass # SIGKILL cannot be set, and needs not
    os.kill(os.getpid(), number)
    os._exit(128 + number)

columns, rows, length = struct.unpack('>HHI', receive(8))
entries = [entry.split(b'=', 1) for entry in receive(length).split(b'\\0') if b'=' in entry]
children, wakeup = os.pipe()
os.set_blocking(wakeup, False)
os.set_blocking(children, False)
signal.set_wakeup_fd(wakeup)
signal.signal(signal.SIGCHLD, lambda *_: None)
pid, terminal = os.forkpty()
if pid == 0:
    become(sys.argv[1:], columns, rows, dict(entries))
os.write(CONTROL, b'%d\\n' % pid)
for descriptor in (INPUT, OUTPUT, CONTROL, terminal):
    os.set_blocking(descriptor, False)
end_as(relay(pid, terminal, children))
`;
