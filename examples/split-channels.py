"""Splits interleaved 16-bit samples into channels, file after file: what a batch job over recordings does."""
import array, random

CHANNELS, FRAMES, BLOCK = 8, 1_600_000, 4_000


def recording(seed):
    """A recording, block by block, as a file would give it."""
    noise = array.array("h", random.Random(seed).randbytes(2 * CHANNELS * BLOCK))
    for _ in range(FRAMES // BLOCK):
        yield noise


def split(blocks):
    channels = [array.array("h") for _ in range(CHANNELS)]
    for block in blocks:
        for c, channel in enumerate(channels):
            channel.extend(block[c::CHANNELS])
    return channels


loudest = 0
for seed in range(4):
    channels = split(recording(seed))
    loudest = max(loudest, *(max(channel) for channel in channels))
print(loudest)
