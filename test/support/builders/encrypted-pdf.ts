// PDFs with real encryption dictionaries: qpdf made the values, for the owner's password "own" and the user's password
// "pass" or none.

const fileId = 'b4cd3be7830a5adc8fa9af01561857bd';

interface Values {
  V: number;
  R: number;
  length: number;
  aes?: 'AESV2' | 'AESV3';
  plainMetadata?: boolean;
  O: string;
  U: string;
}

const oldOwn = '65fbeeb76e4691b7dc4babe5b911ce87196f39d0cfda0f00920838327413a714';
const oldPass = '3d25d39a088c55a8f63e6ff222eb81d9c8bb386e319c31366d6caf4c3f4c6790';
const tail = '0122456a91bae5134273a6db134c87c4';

/** By revision of the encryption: without a user's password, and with "pass". */
export const encryptions: Record<string, { open: Values; locked: Values }> = {
  'RC4 of 40 bits (R2)': {
    open: {
      V: 1,
      R: 2,
      length: 40,
      O: '59aebc0b228d02a1dd1afd7be52ad249afdc6fd71ef9234a49bfa56eb72c801a',
      U: 'e706bfd6625f57dbf08f88ab42a9b5137e25ff423743a22a6e69328fff900ea7',
    },
    locked: {
      V: 1,
      R: 2,
      length: 40,
      O: '017081264447c6bef76f396c7ed09d177e086e69e0bf1d7cb6db3210fc73409e',
      U: '6b5858be2291894832884704711578b08d396da92eecd9d1454f7a71750f8fb7',
    },
  },
  'RC4 of 128 bits (R3)': {
    open: { V: 2, R: 3, length: 128, O: oldOwn, U: `3289e9d59670d4b19b5f973eb6abea2b${tail}` },
    locked: { V: 2, R: 3, length: 128, O: oldPass, U: `b4c0a44cc36ce54cbfccb7d797bd4beb${tail}` },
  },
  'AES of 128 bits (R4)': {
    open: { V: 4, R: 4, length: 128, aes: 'AESV2', O: oldOwn, U: `3289e9d59670d4b19b5f973eb6abea2b${tail}` },
    locked: {
      V: 4,
      R: 4,
      length: 128,
      aes: 'AESV2',
      O: oldPass,
      U: `b4c0a44cc36ce54cbfccb7d797bd4beb${tail}`,
    },
  },
  'AES of 128 bits with plain metadata (R4)': {
    open: {
      V: 4,
      R: 4,
      length: 128,
      aes: 'AESV2',
      plainMetadata: true,
      O: oldOwn,
      U: `d7030e976eed25beca24ae5f57403707${tail}`,
    },
    locked: {
      V: 4,
      R: 4,
      length: 128,
      aes: 'AESV2',
      plainMetadata: true,
      O: oldPass,
      U: `171863137ee0b2acfbba64481af9b46b${tail}`,
    },
  },
  'AES of 256 bits as Acrobat 9 wrote it (R5)': {
    open: {
      V: 5,
      R: 5,
      length: 256,
      aes: 'AESV3',
      O: '7f533473cf35f3d862e223640be072080c49bdf73e9a1b5e1057f6c80a7e5c0b72a814dace5b62e169fe0bec53173fb7',
      U: '1fba70af6e2de44ea6e66e7272b07906310cff1242f69e2c069dee52ad25068e41528eb63f56beb20032b241bead8605',
    },
    locked: {
      V: 5,
      R: 5,
      length: 256,
      aes: 'AESV3',
      O: 'ed69d0cd045c7f5b67a3dd1db6e0674eec6c7a109edf7c43e70e44d9fc47724fb0264f4a3fc22a2b3497e0e19cad6649',
      U: 'aa2af32f196774f54f411367db8af4cab99e1af48bf2de9b78dec21a4f27aed8130199cd806b7364ef01de9fed92fb53',
    },
  },
  'AES of 256 bits (R6)': {
    open: {
      V: 5,
      R: 6,
      length: 256,
      aes: 'AESV3',
      O: 'dc552a926423ba2dfd702b7fc97d08e403bca0f9110108ab3a2f8e3a05f93951a84ab0d69fe3954e487cea90e8a941e6',
      U: 'a835796b3d53442b365610408668ecd7474fdd453f68ecae8cab10acf4acef7875babf983ff23ee8998e92cdc9a8aadd',
    },
    locked: {
      V: 5,
      R: 6,
      length: 256,
      aes: 'AESV3',
      O: 'c273d5e3165d4209cc51d36ac192874879d46ca292c72b68b57ea6675d9ead1901d59f658f9dcefbd290a7a79d8b289a',
      U: '0a3a8d5d5759f848abb91c04c9779e37b275c68f5dd168791dc7d9e8748678f6f5a4fae62f60d9833ce353e791922bde',
    },
  },
};

/** How a PDF may say that it is encrypted. */
export const shapes = [
  'table',
  'stream',
  'hybrid',
  'dictionary in the trailer',
  'update after it',
  'damaged reference',
  'junk before it',
  'junk after it',
] as const;
export type Shape = (typeof shapes)[number];

export function encryptedPdf(values: Values, shape: Shape = 'table'): Buffer {
  return pdfWithTrailer(encryptionOf(values), shape);
}

/** A PDF with this encryption dictionary; null: none. */
export function pdfWithTrailer(encryption: string | null, shape: Shape = 'table'): Buffer {
  const isInside = shape === 'dictionary in the trailer';
  const said = encryption === null ? '' : ` /Encrypt ${isInside ? encryption : '2 0 R'}`;
  const trailer = `/Root 1 0 R /ID [<${fileId}><00>]${said}`;
  const objects = `%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n${isInside ? 'null' : (encryption ?? 'null')}\nendobj\n`;
  const table = 'xref\n0 1\n0000000000 65535 f \n2 1\n0000000051 00000 n \n';
  const end = (at: number) => `startxref\n${at}\n%%EOF\n`;
  const place = objects.length;
  const whole = {
    stream: `${objects}3 0 obj\n<< /Length 0 /Type /XRef /W [1 2 1] ${trailer} >>\nstream\n\nendstream\nendobj\n${end(place)}`,
    hybrid: `${objects}${table}trailer\n<< ${trailer} /XRefStm 15 >>\n${end(place)}`,
    table: `${objects}${table}trailer\n<< ${trailer} >>\n${end(place)}`,
  };
  const first = Buffer.from(shape === 'stream' || shape === 'hybrid' ? whole[shape] : whole.table, 'latin1');
  if (shape === 'update after it') {
    const update = `4 0 obj\n(A note)\nendobj\n`;
    const at = first.length + update.length;
    return Buffer.concat([
      first,
      Buffer.from(
        `${update}xref\n4 1\n0000000000 00000 n \ntrailer\n<< /Prev ${place} ${trailer} >>\n${end(at)}`,
      ),
    ]);
  }
  if (shape === 'damaged reference') return Buffer.from(whole.table.replace(end(place), end(7)), 'latin1');
  if (shape === 'junk before it') return Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), first]);
  return shape === 'junk after it' ? Buffer.concat([first, Buffer.alloc(2_000)]) : first;
}

function encryptionOf({ V, R, length, aes, plainMetadata = false, O, U }: Values): string {
  const filters = aes && ` /CF << /StdCF << /CFM /${aes} >> >> /StmF /StdCF /StrF /StdCF`;
  const metadata = plainMetadata ? ' /EncryptMetadata false' : '';
  return `<< /Filter /Standard /V ${V} /R ${R} /Length ${length} /P -4 /O <${O}> /U <${U}>${filters ?? ''}${metadata} >>`;
}
