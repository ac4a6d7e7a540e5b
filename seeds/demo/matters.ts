// What the demo's letters and reports say, by the specialists' fields.

export interface Matter {
  /** Follows the examinee's name. */
  injury: string;
  history: string;
  examination: string;
  opinion: string;
  questions: readonly string[];
  /** One for each question. */
  answers: readonly string[];
}

const orthopaedic: Matter = {
  injury: 'slipped on a wet loading ramp at work eleven months ago and fell on to the left side',
  history:
    'Pain in the lower back and the left shoulder began at once. After two weeks off work there was a graded return to light duties. Physiotherapy helped the shoulder; the back is still painful after an hour of sitting and on lifting more than ten kilograms. There were no complaints of the back before the fall.',
  examination:
    'Walks without a limp and rises on heels and toes. Lumbar flexion reaches the mid-shin and is limited by pain; extension is half of normal. Straight leg raising is 70 degrees on both sides and negative for nerve tension. Power, sensation and reflexes of the legs are normal. The left shoulder elevates to 160 degrees with a painful arc; the rotator cuff is intact to testing.',
  opinion:
    'The history, the findings and the imaging agree with each other. The fall caused a soft tissue injury of the lumbar spine and aggravated a degeneration of the L4/5 disc that had given no symptoms, and caused a subacromial impingement of the left shoulder that has largely settled.',
  questions: [
    'What is your diagnosis, and did the accident cause or aggravate it?',
    'What treatment is reasonable from now on, and what will it cost?',
    'Can the examinee return to the duties before the accident, and if so when?',
    'Has maximum medical improvement been reached, and what is the permanent impairment?',
  ],
  answers: [
    'Aggravation of a degenerative disc disease at L4/5, and subacromial impingement of the left shoulder. On the balance of probabilities both result from the accident.',
    'A supervised exercise programme of twelve weeks, about $1,900, and simple pain relief. Surgery is not indicated.',
    'To light duties now, with no lifting above ten kilograms. To full duties in about four months if the exercise programme succeeds.',
    'Not yet. I suggest a further examination in six months.',
  ],
};

const psychiatric: Matter = {
  injury: 'was the first at the scene of a fatal accident at work nine months ago',
  history:
    'Broken sleep, nightmares twice a week and avoidance of the site began within days. Work stopped after three weeks. There has been counselling with some benefit, and sertraline for four months. There is no earlier psychiatric history.',
  examination:
    'Neatly dressed, punctual and co-operative. Mood was described as flat; affect was restricted and became tearful when the accident was spoken of. Thought was coherent, without delusions or thoughts of self-harm. Attention held for the hour of the interview.',
  opinion:
    'The symptoms meet the criteria of a post-traumatic stress disorder of moderate severity. The account was consistent throughout, and agrees with the treating counsellor’s notes.',
  questions: [
    'Is there a recognised psychiatric condition, and what caused it?',
    'Is the present treatment suitable?',
    'What is the capacity for work?',
  ],
  answers: [
    'Post-traumatic stress disorder, caused by the accident described.',
    'Sertraline should be continued. I recommend trauma-focused therapy of twelve to sixteen sessions with a clinical psychologist.',
    'None for the former site. Part-time work elsewhere, up to twenty hours a week, is realistic within two months.',
  ],
};

const neurological: Matter = {
  injury:
    'was struck on the head by a falling carton fourteen months ago and lost consciousness for about a minute',
  history:
    'Headaches three or four times a week, sensitivity to light and trouble in finding words followed. A CT on the day was normal. The headaches have become less frequent with propranolol.',
  examination:
    'Alert and well oriented. Cranial nerves, gait, co-ordination, power and reflexes are normal. There is tenderness over the occipital nerves on the right.',
  opinion:
    'A mild traumatic brain injury with post-traumatic headache that is improving. No sign of a structural injury of the brain.',
  questions: ['What is the neurological diagnosis?', 'What is the prognosis?'],
  answers: [
    'Post-traumatic headache after a mild traumatic brain injury.',
    'Good. I expect further improvement over the next twelve months.',
  ],
};

const occupational: Matter = {
  injury: 'developed pain in both wrists over the last year of work on a packing line',
  history:
    'The pain is worst at the end of a shift and settles over the weekend. Splints at night help. Nerve conduction studies showed mild carpal tunnel syndrome on the right.',
  examination:
    'No wasting of the hands. Tinel’s and Phalen’s tests are positive on the right. Grip is 28 kilograms on the right and 34 on the left.',
  opinion:
    'The work was repetitive and forceful and was a substantial contributing factor. The workplace can be adapted at small cost.',
  questions: ['Is the condition related to work?', 'Which duties are suitable?'],
  answers: [
    'Yes: employment was a substantial contributing factor.',
    'Duties without repeated forceful gripping, with a change of task every thirty minutes.',
  ],
};

const cognitive: Matter = {
  injury: 'has had difficulty with memory and concentration since a motor accident sixteen months ago',
  history:
    'Appointments are forgotten, and reading for more than twenty minutes is tiring. School and work records show an even, average performance before the accident.',
  examination:
    'Effort was adequate on two independent measures. Processing speed and verbal memory were in the low average range; all other domains were average.',
  opinion:
    'A mild weakness of processing speed and verbal memory that is consistent with the injury described and with fatigue.',
  questions: ['Is there a cognitive impairment?', 'Which support would help?'],
  answers: [
    'A mild one, of processing speed and verbal memory.',
    'Written instructions, regular breaks, and eight sessions of cognitive rehabilitation.',
  ],
};

export const matters = { orthopaedic, psychiatric, neurological, occupational, cognitive } as const;
