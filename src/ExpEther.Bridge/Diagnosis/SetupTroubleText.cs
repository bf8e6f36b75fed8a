using ExpEther.Link.Wire;

namespace ExpEther.Bridge.Diagnosis;

/// <summary>What an operator reads of a <see cref="SetupTrouble"/>: what is the matter, and what to compare.</summary>
public static class SetupTroubleText
{
    /// <param name="trouble">Not None.</param>
    /// <param name="peer">As the operator knows it.</param>
    /// <param name="isSealedHere">The form that this end has.</param>
    public static string Of(SetupTrouble trouble, string peer, bool isSealedHere) => trouble switch
    {
        SetupTrouble.SealDiffers =>
            $"no link to {peer} comes up: its frames are {(isSealedHere ? "unsealed, and seal = \"on\"" : "sealed, and seal = \"off\"")} here; "
            + "write the same [link] seal at both ends",
        SetupTrouble.VersionDiffers =>
            $"no link to {peer} comes up: it speaks another version of the wire format, and version {FrameLayout.CurrentVersion} is spoken here; "
            + "run the same release of ExpEther at both ends",
        SetupTrouble.KeyDiffers =>
            $"no link to {peer} comes up: it sends set-up that the key here does not open; compare key or keyFile of both ends",
        SetupTrouble.Duplicate =>
            $"a second station has the identity of {peer}: its set-up is refused, or its announcements are heard; the link of the first goes on; "
            + "give one of the two another name or mac",
        SetupTrouble.OursIsTaken =>
            $"another station has our identity, and {peer} has its link with that one; give one of the two another name or mac",
        SetupTrouble.NameTaken => $"two boxes that are linked here have one name: {peer}; give each box a name of its own, "
            + "since disks of one serial number in boxes of one name look like one disk",
        _ => $"no link to {peer} comes up: it announces itself, but does not answer; compare key or keyFile of both ends, see its log, "
            + "and whether another station has our name or mac",
    };
}
