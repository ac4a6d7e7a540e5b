// Files as people, devices and old programs really make them, with the right answer for each.
import type { ContentFault, DocumentKind } from '../../../src/documents/index.ts';
import { encryptedPdf, encryptions } from './encrypted-pdf.ts';
import { filePasses, oldLetter, oldWorkbook, type StreamLength } from './old-office.ts';
import { compoundFile, mp4, pdf, protectedDocument, samples, zipOf } from './files.ts';

export interface AwkwardFile {
  what: string;
  name: string;
  bytes: Buffer;
  gives: DocumentKind | ContentFault;
  /** The name it is stored under, when that is not `name`. */
  storedAs?: string;
}

const bytesOf = (text: string, rest: Buffer = Buffer.alloc(200)) =>
  Buffer.concat([Buffer.from(text, 'latin1'), rest]);

/** A DICOM whose preamble holds this. */
const dicom = (preamble = '') =>
  Buffer.concat([Buffer.from(preamble.padEnd(128, '\0'), 'latin1'), Buffer.from('DICM'), Buffer.alloc(60)]);

/** Elements 0008,0005 and 0008,0012. */
const explicitElements = Buffer.from('080005004353020049530800120044410200323008001300544d02003136', 'hex');
const implicitElements = Buffer.from('0800050002000000495308001200020000003230', 'hex');
const bigEndianElements = Buffer.from('0008000543530002495300080012444100023230', 'hex');
/** Elements 0002,0000 and 0002,0001, whose length takes four bytes. */
const metaElements = Buffer.from(
  '02000000554c04008c0000000200010 04f4200000200000000 01'.replaceAll(' ', ''),
  'hex',
);

const frame = Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413, 'x')]);
export const sound = Buffer.concat([frame, frame, frame, frame]);
/** An ID3 tag that is 144 bytes longer than it says. */
const longTag = Buffer.concat([
  Buffer.from('ID3\x03\x00\x80\x00\x00\x02\x00', 'latin1'),
  Buffer.alloc(400, 1),
]);

function picture(brand: string, ...compatible: string[]): Buffer {
  const box = Buffer.alloc(16 + 4 * compatible.length);
  box.writeUInt32BE(box.length);
  box.write(`ftyp${brand}\0\0\0\0${compatible.join('')}`, 4, 'latin1');
  return Buffer.concat([box, Buffer.alloc(200)]);
}

/** A mail to many people: each is a storage of its own. */
const mailToMany = compoundFile(
  '__nameid_version1.0',
  '__properties_version1.0',
  ...Array.from({ length: 9_000 }, (_, at) => `__recip_version1.0_#${at}`),
);

const letter = [{ name: 'letter.txt', data: Buffer.from('Dear Doctor') }];
const zipNaming = (name: string) => zipOf([{ name, data: Buffer.from('Dear Doctor') }]);

function officeZip(contentType: string, typesName = '[Content_Types].xml'): Buffer {
  return zipOf([
    { name: typesName, data: Buffer.from(`<Types><Override ContentType="${contentType}"/></Types>`) },
  ]);
}

const wordMain = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';
const slidesMain = 'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml';
const openText = zipOf([
  { name: 'mimetype', data: Buffer.from('application/vnd.oasis.opendocument.text') },
  { name: 'content.xml', data: Buffer.from('<office/>') },
]);

/** A picture before its directory, as scanners write it. */
const bigTiff = (magic: string) => bytesOf(magic, Buffer.alloc(9_000, 0x55));

const mail = (start: string, newline = '\r\n') =>
  Buffer.from(
    `${start}From: Ann <ann@example.com>\r\nTo: Bo\r\nSubject: The letter\r\n\r\nAttached.\r\n`.replaceAll(
      '\r\n',
      newline,
    ),
    'latin1',
  );
const traces = Array.from(
  { length: 60 },
  (_, at) => `ARC-Seal: i=${at}; a=rsa-sha256;\r\n b=${'x'.repeat(70)}`,
);

const lockedPdf = Object.values(encryptions).map(({ locked }) => encryptedPdf(locked));
const openPdf = Object.values(encryptions).map(({ open }) => encryptedPdf(open));

const lengths: StreamLength[] = ['long', 'short'];
/** Workbooks of every method that Excel opens by itself, and that it does not. */
const workbooks = Object.entries(filePasses).flatMap(([method, { open, locked }]) =>
  lengths.flatMap((length): AwkwardFile[] => [
    {
      what: `a workbook whose structure is protected: ${method}, ${length}`,
      name: 'a.xls',
      bytes: oldWorkbook(open, length),
      gives: 'xls',
    },
    {
      what: `a workbook with a password: ${method}, ${length}`,
      name: 'a.xls',
      bytes: oldWorkbook(locked, length),
      gives: 'encrypted',
    },
  ]),
);

const taken: AwkwardFile[] = [
  {
    what: 'a big-endian TIFF whose directory lies behind the picture',
    name: 'scan.tif',
    bytes: bigTiff('MM\0*\0\0\x23\x28'),
    gives: 'tiff',
  },
  {
    what: 'a little-endian TIFF whose directory lies behind the picture',
    name: 'scan.tiff',
    bytes: bigTiff('II*\0\x28\x23\0\0'),
    gives: 'tiff',
  },
  { what: 'a BigTIFF', name: 'scan.tif', bytes: bigTiff('II+\0\x08\0\0\0'), gives: 'tiff' },
  { what: 'a big-endian BigTIFF', name: 'scan.tif', bytes: bigTiff('MM\0+\0\x08\0\0'), gives: 'tiff' },
  {
    what: 'a DICOM whose preamble is a TIFF header',
    name: 'ct.dcm',
    bytes: dicom('II*\0T\x18\x08\0'),
    gives: 'dicom',
  },
  {
    what: 'a DICOM whose preamble begins like a ZIP',
    name: 'ct.dcm',
    bytes: dicom('PK\x03\x04'),
    gives: 'dicom',
  },
  {
    what: 'a DICOM whose preamble is text',
    name: 'ct',
    bytes: dicom('Made by a scanner'),
    gives: 'dicom',
    storedAs: 'ct.dcm',
  },
  {
    what: 'a DICOM named by its identifier',
    name: '1.2.840.113619.2.78',
    bytes: dicom(),
    gives: 'dicom',
    storedAs: '1.2.840.113619.2.78.dcm',
  },
  { what: 'a DICOM named as Siemens does', name: 'IM0001.IMA', bytes: dicom(), gives: 'dicom' },
  { what: 'a DICOM without preamble', name: 'old.dcm', bytes: explicitElements, gives: 'dicom' },
  {
    what: 'a DICOM without preamble and without value types',
    name: 'MR.1.3.6.5457',
    bytes: implicitElements,
    gives: 'dicom',
    storedAs: 'MR.1.3.6.5457.dcm',
  },
  { what: 'a DICOM without preamble, big-endian', name: 'old.IMA', bytes: bigEndianElements, gives: 'dicom' },
  {
    what: 'a DICOM without preamble, with its meta group',
    name: 'IM0002',
    bytes: metaElements,
    gives: 'dicom',
    storedAs: 'IM0002.dcm',
  },
  { what: 'a PDF behind white space', name: 'a.pdf', bytes: bytesOf(' \r\n', pdf()), gives: 'pdf' },
  {
    what: 'a PDF behind printer commands',
    name: 'a.pdf',
    bytes: bytesOf('\x1b%-12345X@PJL SET X=1\r\n', pdf()),
    gives: 'pdf',
  },
  {
    what: 'a PDF behind HTTP headers',
    name: 'report',
    bytes: bytesOf('HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n', pdf()),
    gives: 'pdf',
    storedAs: 'report.pdf',
  },
  {
    what: 'a PDF behind multipart headers',
    name: 'a.pdf',
    bytes: bytesOf('------x\r\nContent-Disposition: form-data; name="f"\r\n\r\n', pdf()),
    gives: 'pdf',
  },
  {
    what: 'a PDF behind a byte order mark',
    name: 'a.pdf',
    bytes: bytesOf('\xef\xbb\xbf', pdf()),
    gives: 'pdf',
  },
  {
    what: 'a PDF behind a Macintosh header',
    name: 'a.pdf',
    bytes: bytesOf('\0\x05a.pdf'.padEnd(128, '\0'), pdf()),
    gives: 'pdf',
  },
  {
    what: 'a PDF named with a date',
    name: 'Brief Barlow 12.03.2026',
    bytes: pdf(),
    gives: 'pdf',
    storedAs: 'Brief Barlow 12.03.2026.pdf',
  },
  {
    what: 'a DOCX named with a version',
    name: 'Letter v1.2',
    bytes: samples.docx,
    gives: 'docx',
    storedAs: 'Letter v1.2.docx',
  },
  {
    what: 'a JPEG whose name ends with a surname',
    name: 'Scan Dr.Barlow',
    bytes: samples.jpeg,
    gives: 'jpeg',
    storedAs: 'Scan Dr.Barlow.jpg',
  },
  ...openPdf.map(
    (bytes): AwkwardFile => ({
      what: 'a PDF that only forbids printing',
      name: 'a.pdf',
      bytes,
      gives: 'pdf',
    }),
  ),
  {
    what: 'an MP3 behind zeros',
    name: 'a.mp3',
    bytes: Buffer.concat([Buffer.alloc(300), sound]),
    gives: 'mp3',
  },
  {
    what: 'an MP3 behind zeros, without an ending',
    name: 'dictation 7',
    bytes: Buffer.concat([Buffer.alloc(300), sound]),
    gives: 'mp3',
    storedAs: 'dictation 7.mp3',
  },
  {
    what: 'an MP3 behind the rest of a frame',
    name: 'a.mp3',
    bytes: Buffer.concat([Buffer.alloc(333, 0x41), sound]),
    gives: 'mp3',
  },
  {
    what: 'an MP3 behind a tag with a wrong size',
    name: 'a.mp3',
    bytes: Buffer.concat([longTag, sound]),
    gives: 'mp3',
  },
  {
    what: 'a short MP3 with a tag behind it',
    name: 'a.mp3',
    bytes: Buffer.concat([longTag, frame, Buffer.from('TAG'.padEnd(128, '\0'))]),
    gives: 'mp3',
  },
  { what: 'a mail to thousands of people', name: 'a.msg', bytes: mailToMany, gives: 'msg' },
  { what: 'an RF64 recording', name: 'a.wav', bytes: bytesOf('RF64\xff\xff\xff\xffWAVEds64'), gives: 'wav' },
  { what: 'a big-endian recording', name: 'a.wav', bytes: bytesOf('RIFX\0\0\0\xc8WAVEfmt '), gives: 'wav' },
  { what: 'a phone’s recording', name: 'voice.m4a', bytes: mp4('3gp4', 'soun'), gives: 'm4a' },
  {
    what: 'a phone’s picture with a general brand',
    name: 'a.heic',
    bytes: picture('mif1', 'mif1', 'heic'),
    gives: 'heic',
  },
  {
    what: 'a phone’s picture in layers',
    name: 'a.heic',
    bytes: picture('heim', 'mif1', 'heim'),
    gives: 'heic',
  },
  { what: 'a text that ends with Ctrl-Z', name: 'a.txt', bytes: Buffer.from('Report\r\n\x1a'), gives: 'txt' },
  {
    what: 'a text that begins like a bitmap',
    name: 'Notes 3.4',
    bytes: Buffer.from('BMI 31, no pain.'),
    gives: 'txt',
    storedAs: 'Notes 3.4.txt',
  },
  {
    what: 'a text that begins like a recording',
    name: 'Notes',
    bytes: Buffer.from('FORM 12\r\nConsent'),
    gives: 'txt',
    storedAs: 'Notes.txt',
  },
  {
    what: 'a workbook that holds a letter',
    name: 'costs',
    bytes: compoundFile('WORKBOOK', { storage: 'MBD0001', holds: ['WordDocument'] }),
    gives: 'xls',
    storedAs: 'costs.xls',
  },
  { what: 'a workbook of Crystal Reports', name: 'costs.xls', bytes: compoundFile('Book'), gives: 'xls' },
  {
    what: 'a letter in capitals that holds a workbook',
    name: 'a.doc',
    bytes: compoundFile({ storage: 'ObjectPool', holds: ['Workbook'] }, 'WORDDOCUMENT'),
    gives: 'doc',
  },
  { what: 'a mail with a letter attached', name: 'a.msg', bytes: samples.msg, gives: 'msg' },
  {
    what: 'a DOCX whose list of types has another case',
    name: 'a.docx',
    bytes: officeZip(wordMain, '[content_types].xml'),
    gives: 'docx',
  },
  ...['/etc/a.txt', 'C:\\Users\\rita\\a.txt', 'C:/a.txt', 'scans\\a.txt', '\\\\server\\a.txt'].map(
    (path): AwkwardFile => ({
      what: `a ZIP with the name ${path} in it`,
      name: 'a.zip',
      bytes: zipNaming(path),
      gives: 'zip',
    }),
  ),
  ...[1, 512, 70_000].map(
    (behind): AwkwardFile => ({
      what: `a ZIP with ${behind} bytes behind its end`,
      name: 'a.zip',
      bytes: Buffer.concat([samples.zip, Buffer.alloc(behind)]),
      gives: 'zip',
    }),
  ),
  {
    what: 'a DOCX with a line behind its end',
    name: 'a.docx',
    bytes: Buffer.concat([samples.docx, Buffer.from('\r\n')]),
    gives: 'docx',
  },
  { what: 'a mail with a byte order mark', name: 'a.eml', bytes: mail('\xef\xbb\xbf'), gives: 'eml' },
  { what: 'a mail behind an empty line', name: 'a.eml', bytes: mail('\r\n'), gives: 'eml' },
  {
    what: 'a mail of a mailbox',
    name: 'a.eml',
    bytes: mail('From ann@example.com Mon Jun  1 10:00:00 2026\r\n'),
    gives: 'eml',
  },
  { what: 'a mail with line feeds', name: 'a.eml', bytes: mail('', '\n'), gives: 'eml' },
  { what: 'a mail with carriage returns', name: 'a.eml', bytes: mail('', '\r'), gives: 'eml' },
  {
    what: 'a mail without an ending',
    name: 'The letter',
    bytes: mail(''),
    gives: 'eml',
    storedAs: 'The letter.eml',
  },
  {
    what: 'a mail that many servers signed',
    name: 'a.eml',
    bytes: mail(`Received: by mx.example\r\n${traces.join('\r\n')}\r\n`),
    gives: 'eml',
  },
  {
    what: 'a mail that was never sent',
    name: 'a.eml',
    bytes: Buffer.from('To: Bo\nSubject: The letter\nX-Unsent: 1\n\nHello'),
    gives: 'eml',
  },
];

const refused: AwkwardFile[] = [
  { what: 'a program with a DICOM mark', name: 'a.dcm', bytes: dicom('MZ'), gives: 'unsupported_type' },
  {
    what: 'a page before a PDF',
    name: 'a.pdf',
    bytes: bytesOf('<html><script>1</script>\n', pdf()),
    gives: 'unsupported_type',
  },
  {
    what: 'a script before a PDF',
    name: 'a.pdf',
    bytes: bytesOf('#!/bin/sh\necho\n', pdf()),
    gives: 'unsupported_type',
  },
  {
    what: 'a picture of a refused kind before a PDF',
    name: 'a.pdf',
    bytes: bytesOf('GIF89a\n', pdf()),
    gives: 'unsupported_type',
  },
  {
    what: 'a PDF mark past the first 1,024 bytes',
    name: 'a.pdf',
    bytes: bytesOf(' '.repeat(1_025), pdf()),
    gives: 'unsupported_type',
  },
  { what: 'zeros alone', name: 'a.mp3', bytes: Buffer.alloc(5_000), gives: 'unsupported_type' },
  { what: 'a tag without sound', name: 'a.mp3', bytes: longTag, gives: 'unsupported_type' },
  {
    what: 'elements in no order',
    name: 'a.dcm',
    bytes: Buffer.concat([implicitElements.subarray(10), implicitElements]),
    gives: 'unsupported_type',
  },
  {
    what: 'a picture of a newer kind with a general brand',
    name: 'a.heic',
    bytes: picture('mif1', 'avif', 'mif1'),
    gives: 'unsupported_type',
  },
  ...['exe', 'html', 'pptx', 'mp4', 'ps1'].map(
    (ending): AwkwardFile => ({
      what: `a PDF named .${ending}`,
      name: `a.${ending}`,
      bytes: pdf(),
      gives: 'unsupported_type',
    }),
  ),
  { what: 'a PDF named .docx', name: 'a.docx', bytes: pdf(), gives: 'name_mismatch' },
  { what: 'a DOCX named .doc', name: 'a.doc', bytes: samples.docx, gives: 'name_mismatch' },
  { what: 'a DOC named .docx', name: 'a.docx', bytes: samples.doc, gives: 'name_mismatch' },
  {
    what: 'a program without a known ending',
    name: 'Letter v1.2',
    bytes: bytesOf('MZ\x90\0\x03'),
    gives: 'unsupported_type',
  },
  ...lockedPdf.map(
    (bytes): AwkwardFile => ({ what: 'a PDF with a password', name: 'a.pdf', bytes, gives: 'encrypted' }),
  ),
  ...['a.docx', 'a.xlsx', 'a.xls', 'Letter v1.2'].map(
    (name): AwkwardFile => ({
      what: `a document with a password named ${name}`,
      name,
      bytes: protectedDocument,
      gives: 'encrypted',
    }),
  ),
  {
    what: 'a ZIP with a password',
    name: 'a.zip',
    bytes: zipOf([...letter, { name: 'b.txt', data: Buffer.from('b'), encrypted: true }]),
    gives: 'encrypted',
  },
  ...['a.pptx', 'a.docx', 'a.zip', 'Slides 2.1'].map(
    (name): AwkwardFile => ({
      what: `a presentation named ${name}`,
      name,
      bytes: officeZip(slidesMain),
      gives: 'unsupported_type',
    }),
  ),
  ...['a.odt', 'a.docx', 'a.zip', 'Letter v1.2'].map(
    (name): AwkwardFile => ({
      what: `an OpenDocument text named ${name}`,
      name,
      bytes: openText,
      gives: 'unsupported_type',
    }),
  ),
  ...['a.ppt', 'a.xls', 'Slides 2.1'].map(
    (name): AwkwardFile => ({
      what: `an old presentation with a workbook in it named ${name}`,
      name,
      bytes: compoundFile('PowerPoint Document', { storage: 'MBD0001', holds: ['Workbook'] }),
      gives: 'unsupported_type',
    }),
  ),
  { what: 'an empty ZIP', name: 'a.zip', bytes: zipOf([]), gives: 'empty' },
  {
    what: 'a ZIP that leads out of its folder',
    name: 'a.zip',
    bytes: zipNaming('../a.txt'),
    gives: 'unsafe_names',
  },
  {
    what: 'a ZIP that leads out of its folder by backslashes',
    name: 'a.zip',
    bytes: zipNaming('a\\..\\..\\b.txt'),
    gives: 'unsafe_names',
  },
  {
    what: 'a mail without header fields',
    name: 'a.eml',
    bytes: Buffer.from('Dear Ann,\nFrom: me\nDate: today'),
    gives: 'unsupported_type',
  },
];

const oldOffice: AwkwardFile[] = [
  { what: 'an old letter', name: 'a.doc', bytes: oldLetter(false), gives: 'doc' },
  { what: 'an old letter with a password', name: 'a.doc', bytes: oldLetter(true), gives: 'encrypted' },
  ...lengths.map(
    (length): AwkwardFile => ({
      what: `an old workbook, ${length}`,
      name: 'a.xls',
      bytes: oldWorkbook(null, length),
      gives: 'xls',
    }),
  ),
  ...workbooks,
];

export const awkwardFiles: AwkwardFile[] = [...taken, ...refused, ...oldOffice];
