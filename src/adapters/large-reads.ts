// Connections for large HTTP answers: they read into one block, again and again.
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

/** Node reads at most 64 KB at a time, each time into a block of its own. */
const readBytes = 256 * 1024;

/**
 * All connections share it: Node's HTTP parser copies the body out of it before the next read. Nobody else may keep what these
 * sockets emit.
 */
const block = Buffer.allocUnsafeSlow(readBytes);

export class LargeReadAgent extends Agent {
  override createConnection(options: ClientRequestArgs): Socket {
    const socket: Socket = connect({
      ...(options as TcpNetConnectOpts),
      onread: {
        buffer: block,
        callback: (length) => socket.emit('data', block.subarray(0, length)),
      },
    });
    return socket;
  }
}
