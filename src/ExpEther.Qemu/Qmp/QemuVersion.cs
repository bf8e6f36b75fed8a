namespace ExpEther.Qemu.Qmp;

/// <summary>QEMU's version as its greeting tells it.</summary>
public readonly record struct QemuVersion(int Major, int Minor, int Micro)
{
    /// <summary>Below 0: older than <paramref name="other"/>.</summary>
    public int CompareTo(QemuVersion other) => (Major, Minor, Micro).CompareTo((other.Major, other.Minor, other.Micro));

    public override string ToString() => $"{Major}.{Minor}.{Micro}";
}
