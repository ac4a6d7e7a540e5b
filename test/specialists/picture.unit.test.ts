import { expect } from 'chai';
import { pictureOnly } from '../../src/specialists/picture.ts';
import { aJpeg, aPng, secret } from '../support/builders/pictures.ts';

describe('pictureOnly', () => {
  const given = { png: aPng(120, 100), jpeg: aJpeg(160, 120) };
  const read = (bytes: Buffer, kind: string) => pictureOnly(bytes, `image/${kind}`);

  for (const [kind, bytes] of Object.entries(given)) {
    it(`leaves out what a ${kind} holds beside the picture`, () => {
      expect(bytes.includes(secret)).to.equal(true);
      const picture = read(bytes, kind)!;
      expect(picture.bytes.includes(secret)).to.equal(false);
      expect(picture.bytes.length).to.be.below(bytes.length);
      // What is left of it is left alone.
      expect(read(picture.bytes, kind)?.bytes).to.deep.equal(picture.bytes);
    });

    it(`returns null for a ${kind} that ends early`, () => {
      const whole = read(bytes, kind)!.bytes;
      for (let length = 8; length < whole.length; length += 1)
        expect(read(whole.subarray(0, length), kind), String(length)).to.equal(null);
    });
  }

  it('reads the width and the height', () => {
    expect(read(given.png, 'png')).to.include({ width: 120, height: 100 });
    expect(read(given.jpeg, 'jpeg')).to.include({ width: 160, height: 120 });
  });

  it('returns null for a png that does not begin with its size', () => {
    const size = given.png.subarray(8, 33);
    const comment = given.png.subarray(33, 33 + 12 + given.png.readUInt32BE(33));
    const turned = [given.png.subarray(0, 8), comment, size, given.png.subarray(33 + comment.length)];
    expect(read(Buffer.concat(turned), 'png')).to.equal(null);
  });

  it('keeps how the camera was held, and nothing else of Exif', () => {
    const picture = read(aJpeg(160, 120, 6), 'jpeg')!;
    expect(picture).to.include({ width: 120, height: 160 });
    expect(picture.bytes.includes('Exif')).to.equal(true);
    expect(picture.bytes.includes(secret)).to.equal(false);
    expect(read(picture.bytes, 'jpeg')).to.deep.equal(picture);
  });
});
