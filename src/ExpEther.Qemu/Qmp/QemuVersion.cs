namespace ExpEther.Qemu.Qmp;

/// <summary>QEMU's version as its greeting tells it.</summary>
public readonly record struct QemuVersion(int Major, int Minor, int Micro)
{
    public override string ToString() => $"{Major}.{Minor}.{Micro}";
}
