namespace ExpEther.Pcie.Config;

/// <summary>
/// Looks for one capability by reading configuration registers, whoever reads them and however slowly: while <see cref="IsDone"/> is
/// false, read <see cref="Register"/> and <see cref="Feed"/> the value. A looping or broken chain ends the walk as "not found".
/// </summary>
public struct CapabilityWalk
{
    private readonly ushort _id;
    private readonly bool _extended;
    private int _left;
    private Step _step;

    private CapabilityWalk(ushort id, bool extended)
    {
        _id = id;
        _extended = extended;
        _left = extended ? ConfigLimits.ExtendedCapabilitiesMax : ConfigLimits.CapabilitiesMax;
        _step = extended ? Step.Capability : Step.Status;
        Register = extended ? ConfigLimits.ExtendedCapabilityStart : ConfigRegister.Command;
    }

    private enum Step : byte
    {
        Status,
        Pointer,
        Capability,
        Done,
    }

    /// <summary>The register to read next: byte offset, DW aligned.</summary>
    public int Register { get; private set; }

    public readonly bool IsDone => _step == Step.Done;

    /// <summary>The capability's offset once done; 0 when there is none.</summary>
    public int Found { get; private set; }

    public static CapabilityWalk For(CapabilityId id) => new((ushort)id, false);

    public static CapabilityWalk For(ExtendedCapabilityId id) => new((ushort)id, true);

    /// <summary>Walks at once, for those who can read at once.</summary>
    public static int Find(Func<int, uint> read, CapabilityId id) => Run(For(id), read);

    /// <inheritdoc cref="Find(Func{int, uint}, CapabilityId)"/>
    public static int Find(Func<int, uint> read, ExtendedCapabilityId id) => Run(For(id), read);

    public void Feed(uint value)
    {
        switch (_step)
        {
            case Step.Status:
                // Status is the upper half of the Command DW; all ones is an absent function.
                var hasList = value != uint.MaxValue && ((value >> 16) & ConfigRegister.StatusCapabilitiesList) != 0;
                (_step, Register) = hasList ? (Step.Pointer, ConfigRegister.CapabilitiesPointer) : (Step.Done, 0);
                break;
            case Step.Pointer:
                GoTo((int)value & 0xFC, ConfigLimits.CapabilityStart);
                break;
            case Step.Capability when value is uint.MaxValue or 0:
                _step = Step.Done;
                break;
            case Step.Capability when (_extended ? value & 0xFFFF : value & 0xFF) == _id:
                Found = Register;
                _step = Step.Done;
                break;
            case Step.Capability when _extended:
                GoTo((int)(value >> 20) & 0xFFC, ConfigLimits.ExtendedCapabilityStart);
                break;
            case Step.Capability:
                GoTo((int)(value >> 8) & 0xFC, ConfigLimits.CapabilityStart);
                break;
            default:
                Check.Fail("a finished walk is fed no more");
                break;
        }
    }

    private static int Run(CapabilityWalk walk, Func<int, uint> read)
    {
        while (!walk.IsDone)
        {
            walk.Feed(read(walk.Register));
        }

        return walk.Found;
    }

    private void GoTo(int next, int lowest)
    {
        Register = next;
        _step = next < lowest || _left-- == 0 ? Step.Done : Step.Capability;
    }
}
