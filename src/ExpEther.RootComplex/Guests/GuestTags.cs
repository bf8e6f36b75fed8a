using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// The 8-bit tags of one slot. A tag is free again after its final completion and never earlier, whatever became of the access (PCIe 5.0
/// §2.2.6.2); they go round, so that one is used again as late as possible.
/// </summary>
internal sealed class GuestTags
{
    private readonly GuestTag[] _tags = new GuestTag[Tag.CountOf8Bit];
    private byte _next;

    public ref GuestTag this[Tag tag] => ref _tags[tag.Value];

    public bool Has(Tag tag) => tag.Value < _tags.Length && _tags[tag.Value].IsTaken;

    /// <returns>False: all wait for completions, late ones most likely.</returns>
    public bool TryFindFree(out Tag tag)
    {
        for (var tries = 0; tries < _tags.Length; tries++)
        {
            tag = new Tag(_next++);
            if (!_tags[tag.Value].IsTaken)
            {
                return true;
            }
        }

        tag = default;
        return false;
    }

    /// <summary>The access has ended: what still comes for it is late.</summary>
    public void Abandon(GuestAccess access)
    {
        foreach (ref var tag in _tags.AsSpan())
        {
            if (tag.Access == access)
            {
                access.Data.Slice(tag.Start, tag.Bytes).Fill(0xFF);
                tag.Access = null;
            }
        }
    }
}
