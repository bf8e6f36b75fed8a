using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Fields that Get and Set Features share (NVMe 1.4 §5.13, §5.21).</summary>
internal static class FeatureFields
{
    public const ushort NamespaceLocation = 4;
    public const ushort IdLocation = 40;
    public const ushort SelectLocation = 41;
    public const ushort ValueLocation = 44;

    /// <summary>The composite temperature sensor (TMPSEL).</summary>
    public const int CompositeSensor = 0;

    public const int AllSensors = 0xF;
    public const int OverThreshold = 0;
    public const int UnderThreshold = 1;

    public static bool IsKnown(FeatureId id) =>
        id is >= FeatureId.Arbitration and <= FeatureId.AsynchronousEventConfiguration and not FeatureId.LbaRangeType;

    public static int TemperatureSensor(uint dw11) => (int)(dw11 >> 16) & 0xF;

    public static int ThresholdType(uint dw11) => (int)(dw11 >> 20) & 3;
}
