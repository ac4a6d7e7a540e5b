import { expect } from 'chai';
import { isLoopback, networkOf } from '../../src/lib/addresses.ts';

describe('network of an address', () => {
  it('is the IPv4 address itself, however it is written, and the /64 of an IPv6 address', () => {
    expect(networkOf('203.0.113.9')).to.equal('203.0.113.9');
    expect(networkOf('::ffff:203.0.113.9')).to.equal('203.0.113.9');
    for (const one of ['2001:db8:1:2::1', '2001:0db8:0001:0002:ffff::9', '2001:DB8:1:2:a:b:c:d'])
      expect(networkOf(one), one).to.equal('2001:db8:1:2::/64');
    expect(networkOf('2001:db8::1')).to.equal('2001:db8:0:0::/64');
    expect(networkOf('fe80::1%eth0')).to.equal('fe80:0:0:0::/64');
    expect(networkOf('::1')).to.equal('0:0:0:0::/64');
  });

  it('is unknown when there is no address', () => {
    expect([networkOf(null), networkOf(''), networkOf('proxy')]).to.deep.equal(Array(3).fill('unknown'));
  });
});

describe('isLoopback', () => {
  it('is true for this machine’s names and addresses, not for names that only begin alike', () => {
    for (const one of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]', '::1'])
      expect(isLoopback(one), one).to.equal(true);
    for (const one of ['localhost.agency.example', '127.0.0.1.agency.example', '10.0.0.1', '[::2]'])
      expect(isLoopback(one), one).to.equal(false);
  });
});
